import assert from "node:assert/strict";
import { CHECKOUT, outcome } from "./cluster_script.ts";
import { until } from "../cluster/wait.ts";
import { nodePid } from "../cluster/node.ts";
import { openState } from "../cluster/state.ts";
import { demoPods, isRunning, TestNamespace } from "./kube.ts";
import { podProcesses } from "./node_processes.ts";
import { eventsOf, scope, scopeArgv, scopeEnv, startScope } from "./scope.ts";
import { Terminal } from "./terminal.ts";

const bundled = await outcome("sh", [`${CHECKOUT}/scripts/bundle`, "manager", "helpers"]);
assert.equal(bundled.code, 0, bundled.stderr);

const local = (...args: string[]) => ["--via", "local", ...args];
/** Environment without a cluster: every request to one fails. */
const alone = { env: { KUBECONFIG: "/nonexistent" } };

async function localOk(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await scope(local(...args), alone);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Returns the pids of this machine with this text in their environment or command line. */
function processesWith(text: string): number[] {
  return [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).map(({ name }) => Number(name))
    .filter((pid) => ["cmdline", "environ"].some((file) => read(`/proc/${pid}/${file}`).includes(text)));
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return ""; // ended meanwhile
  }
}

class TemporaryDirectory implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(mode = 0o700): Promise<TemporaryDirectory> {
    const path = await Deno.makeTempDir({ prefix: "scope-e2e-" });
    await Deno.chmod(path, mode);
    return new TemporaryDirectory(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Starts a process on this machine; with an `unshare` command before it, in its own namespaces. */
function startProcess(...before: string[]): Deno.ChildProcess {
  const [program = "", ...args] = [...before, "sh", "-c", "while :; do sleep 0.05; done"];
  return new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
}

Deno.test("a process of this machine", async (t) => {
  const process = startProcess(), other = startProcess("unshare", "--uts", "--net", "--");
  await until(
    "the other to have namespaces of its own",
    5,
    () => Deno.readLinkSync(`/proc/${other.pid}/ns/net`) !== Deno.readLinkSync("/proc/self/ns/net"),
  );
  try {
    await t.step("shell -p PID is in its namespaces, and asks no cluster", async () => {
      for (const { pid } of [process, other]) {
        const namespaces = ["net", "uts", "ipc"].map((kind) => Deno.readLinkSync(`/proc/${pid}/ns/${kind}`));
        const paths = ["net", "uts", "ipc"].map((kind) => `/proc/self/ns/${kind}`);
        assert.deepEqual((await localOk("shell", "-p", `${pid}`, "readlink", ...paths)).trim().split("\n"), namespaces);
      }
      assert.match(await localOk("shell", "-p", `${other.pid}`, "ip", "-o", "link"), /^1: lo: <LOOPBACK> .*DOWN/);
    });

    await t.step("exit code, stdout, stderr and stdin are the command's", async () => {
      const args = local("shell", "-p", `${other.pid}`, "sh", "-c", "cat; echo no >&2; exit 42");
      const { code, stdout, stderr } = await scope(args, { ...alone, stdin: new TextEncoder().encode("in\n") });
      assert.deepEqual({ code, stdout, stderr }, { code: 42, stdout: "in\n", stderr: "no\n" });
    });

    await t.step("a program that is not there, a process that is not there, nothing at all", async () => {
      const fails = async (args: string[], code: number, stderr: RegExp) => {
        const found = await scope(local(...args), alone);
        assert.deepEqual([found.code, found.stdout], [code, ""], found.stderr);
        assert.match(found.stderr, stderr);
      };
      const pid = `${process.pid}`;
      await fails(["shell", "-p", pid, "no-such"], 127, /^error: Cannot find the program "no-such" on this machine\n$/);
      await fails(["shell", "-p", "4194303", "true"], 68, /^error: Cannot find process "4194303" on node/);
      await fails(["shell", "-p", "x", "true"], 64, /^error: Option --pid cannot be "x"\nhint: /);
      await fails(["shell", "true"], 64, /^error: No process or pod specified\nhint: give -p PID/);
      await fails(["pids"], 64, /^error: No process or pod specified/);
      await fails(["-l", "a=b", "pids"], 64, /^error: Option --selector needs a cluster/);
      await fails(["-p", "deploy/web", "pids"], 64, /^error: Option --pod cannot be "deploy\/web" with --via local/);
      await fails(["-p", "no-such-pod", "pids"], 68, /^error: Cannot find pod "no-such-pod" on this machine\nhint: it/);
    });

    await t.step("strace and gdb take it, and let go of it", async () => {
      const args = local("strace", "-p", `${process.pid}`, "--duration", "1", "-o", "json");
      const { code, stdout, stderr } = await scope(args, alone);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^tracing process \d+ \(\S*sh -c .*\)\n$/);
      assert.ok(eventsOf(stdout).some(({ type }) => type === "strace.call"), stdout.slice(0, 500));
      assert.match(await localOk("gdb", "-p", `${process.pid}`, "--backtrace"), /process \d+ stood still for/);
      await until("it to run on", 5, () => /^State:\s+[SRD]/m.test(read(`/proc/${process.pid}/status`)));
      assert.match(read(`/proc/${process.pid}/status`), /^TracerPid:\s+0$/m);
    });

    await t.step("a terminal: prompt, size, Ctrl-C", async () => {
      await using terminal = await Terminal.run(local("shell", "-p", `${other.pid}`), 100, 30);
      await terminal.until(new RegExp(`^${Deno.hostname()}:.*[#$] *$`, "m"));
      await terminal.type("stty size", "Enter");
      await terminal.until(/^30 100$/m);
      await terminal.type("sleep 1003", "Enter");
      await until("sleep to run", 5, () => processesWith("sleep\x001003").length > 0);
      await terminal.type("", "C-c");
      await terminal.type("echo code=$?", "Enter");
      await terminal.until(/^code=130$/m);
      await terminal.type("exit 7", "Enter");
      assert.equal((await terminal.exit(5)).code, 7);
      await until("its manager to end", 6, () => processesWith("--stdio\0--tools").length === 0);
    });

    for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
      await t.step(`${signal} of scope leaves no process and no file behind`, async () => {
        const mark = `scope-e2e-${crypto.randomUUID()}`;
        await using directory = await TemporaryDirectory.make();
        const env = { ...alone.env, TMPDIR: directory.path };
        const script = `setsid sleep 1004 & (exec setsid -f sleep 1005) ; echo ready; sleep 1006; : ${mark}`;
        await using shell = startScope(
          local("shell", "-p", `${process.pid}`, "env", `MARK=${mark}`, "sh", "-c", script),
          {
            env,
          },
        );
        await shell.until("stdout", /ready/);
        assert.ok(processesWith(mark).length >= 4, "the sleeps and the shell");
        shell.signal(signal);
        await shell.exit(8);
        await until("all to end", 6, () => processesWith(mark).length === 0, {
          missing: () => processesWith(mark).join(" "),
        });
        await until("its directory to be empty", 6, () => [...Deno.readDirSync(directory.path)].length === 0);
      });
    }

    await t.step("another user: own processes work, others' are refused with 77", async () => {
      // Copies of Deno and scope that the other user may read.
      await using shared = await TemporaryDirectory.make(0o755);
      const deno = `${shared.path}/deno`;
      await Deno.copyFile(Deno.execPath(), deno);
      for (const what of ["cli", "manager"]) {
        const copied = await outcome("cp", ["-r", `${CHECKOUT}/dist/${what}`, shared.path]);
        assert.equal(copied.code, 0, copied.stderr);
      }
      // After `su`, $HOME still belongs to another user: its files must not be read, and are no reason to fail.
      await using home = await TemporaryDirectory.make(0o700);
      await Deno.mkdir(`${home.path}/.config/scope`, { recursive: true });
      await Deno.writeTextFile(`${home.path}/.config/scope/env`, "SCOPE_OUTPUT=of-another\n");
      const flags = scopeArgv.slice(1, -1);
      const nobody = (...args: string[]) => {
        const env = Object.entries(scopeEnv({ ...alone.env, HOME: home.path })).map(([name, value]) =>
          `${name}=${value}`
        );
        const user = [
          "setpriv",
          "--reuid=65534",
          "--regid=65534",
          "--clear-groups",
          "--inh-caps=-all",
          "--bounding-set=-all",
        ];
        return outcome("env", ["-i", ...env, ...user, deno, ...flags, `${shared.path}/cli/main.js`, ...local(...args)]);
      };
      const own = startProcess("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
      try {
        const works = await nobody("shell", "-p", `${own.pid}`, "id", "-u");
        assert.deepEqual(works, { code: 0, stdout: "65534\n", stderr: "" });
        const denied = await nobody("shell", "-p", `${other.pid}`, "true");
        assert.equal(denied.code, 77, denied.stderr);
        assert.match(denied.stderr, /^error: Cannot run this on ".*": process \d+ is another user's\nhint: .*sudo\n$/);
        const pod = await nobody("-p", "web", "pids");
        assert.equal(pod.code, 77, pod.stderr);
        assert.match(
          pod.stderr,
          /^error: Cannot look for pod "web" on this machine: you may not read .*\nhint: .*sudo/,
        );
      } finally {
        own.kill("SIGKILL");
        await own.status;
      }
    });
  } finally {
    for (const child of [process, other]) {
      child.kill("SIGKILL");
      await child.status;
    }
  }
});

Deno.test("a pod whose node is this machine", async (t) => {
  await t.step("by its name: its network, its processes and its files", async () => {
    const [web] = await demoPods("web"), name = web!.metadata.name;
    const addresses = await localOk("-p", name, "shell", "ip", "-o", "address");
    for (const { ip } of web!.status.podIPs!) assert.ok(addresses.includes(` ${ip}/`), addresses);
    assert.equal(await localOk("-n", "demo", "-p", `pod/${name}`, "shell", "hostname"), `${name}\n`);
    assert.match(await localOk("-p", name, "shell", "ps", "-o", "pid,args", "-p", "1"), /^ *1 httpd -f -v -p 8080/m);
    assert.equal(await localOk("-p", name, "shell", "cat", "/proc/1/root/srv/index.html"), `${name}\n`);
    const config = `/proc/${nodePid(openState(), web!.spec.nodeName!)}/root/etc/resolv.conf`;
    assert.ok((await Deno.readTextFile(config)).length > 0);
    const [event, ...more] = eventsOf(await localOk("-p", name, "-o", "json", "pids"));
    assert.deepEqual(more, []);
    const { namespace, pod, container, pid } = event!;
    assert.deepEqual([namespace, pod, container], ["demo", name, "web"]);
    assert.ok(podProcesses(web!.metadata.uid).some((process) => process.pid === pid));
  });

  await t.step("of several containers the oldest, or the one that is named", async () => {
    const [pair] = await demoPods("pair"), name = pair!.metadata.name;
    const first = await scope(local("-p", name, "shell", "ps", "-o", "args=", "-p", "1"), alone);
    assert.match(first.stderr, /^using container "(front|back)", the oldest of (front, back|back, front)\n$/);
    const back = ["-p", name, "--container", "back", "shell", "ps", "-o", "args=", "-p", "1"];
    assert.match(await localOk(...back), /^\/agnhost /);
    const none = await scope(local("-p", name, "--container", "none", "pids"), alone);
    assert.equal(none.code, 68);
    assert.match(none.stderr, /^error: Cannot find container "none" in pod "demo\/pair-.*"\nhint: it has /);
  });

  await t.step("in another namespace it is not found; two of one name are told apart by theirs", async () => {
    await using one = await TestNamespace.make();
    await using two = await TestNamespace.make();
    const name = `twin-${crypto.randomUUID().slice(0, 8)}`;
    await Promise.all([one, two].map((own) => own.pod(name, { until: isRunning })));
    assert.equal(await localOk("-n", one.name, "-p", name, "shell", "hostname"), `${name}\n`);
    const several = await scope(local("-p", name, "pids"), alone);
    assert.equal(several.code, 64);
    const names = [one.name, two.name].toSorted().join(", ");
    const hint = `choose one by its namespace with -n: ${names}`;
    assert.equal(several.stderr, `error: There are 2 pods "${name}" on this machine\nhint: ${hint}\n`);
    const missing = await scope(local("-n", "demo", "-p", name, "pids"), alone);
    assert.deepEqual([missing.code, missing.stdout], [68, ""]);
    assert.match(missing.stderr, new RegExp(`^error: Cannot find pod "${name}" in namespace "demo" on this machine`));
  });

  await t.step("a process in a pod that calls itself a runtime's tells nothing", async () => {
    await using own = await TestNamespace.make();
    const name = `false-${crypto.randomUUID().slice(0, 8)}`;
    const annotations = {
      ...{ "io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-uid": "u" },
      ...{ "io.kubernetes.cri.sandbox-name": name, "io.kubernetes.cri.sandbox-namespace": "demo" },
    };
    // It names a running container, its own.
    const script =
      "id=$(sed -n 's,.*/\\([0-9a-f]\\{64\\}\\)$,\\1,p' /proc/self/cgroup | head -n 1); mkdir -p /b/$id; " +
      `echo '${
        JSON.stringify({ annotations })
      }' >/b/$id/config.json; cd /b/$id; printf containerd-shim >/proc/self/comm; ` +
      "while :; do sleep 1; done";
    const liar = await own.pod("liar", { command: ["sh", "-c", script] });
    await until(
      "it to be called a shim",
      5,
      () => podProcesses(liar.metadata.uid).some(({ pid }) => read(`/proc/${pid}/comm`) === "containerd-shim\n"),
    );
    const { code, stderr } = await scope(local("-p", name, "pids"), alone);
    assert.equal(code, 68, stderr);
  });

  await t.step("ping asks the cluster where its destinations are, and nothing else of it", async () => {
    const [web] = await demoPods("web"), [api] = await demoPods("api");
    const to = ["-n", "demo", "-p", web!.metadata.name, "ping", "-c", "2", "-i", "0.1"];
    const { code, stdout, stderr } = await scope(local(...to, "-d", api!.metadata.name));
    assert.equal(code, 0, stderr + stdout);
    assert.match(stdout, /seq=1 rtt=/);
    assert.match(await localOk(...to, "127.0.0.1"), /^127\.0\.0\.1: seq=1 rtt=/m);
  });

  await t.step("a tool that this machine does not have", async () => {
    const [web] = await demoPods("web");
    await using directory = await TemporaryDirectory.make();
    const names = "sh nsenter unshare mount stdbuf cat";
    const found = await outcome("sh", ["-c", `for name in ${names}; do command -v $name; done`]);
    for (const path of found.stdout.trim().split("\n")) {
      await Deno.symlink(path, `${directory.path}/${path.replace(/.*\//, "")}`);
    }
    const tools = {
      fping: ["ping", "127.0.0.1"],
      hping3: ["hping", "127.0.0.1"],
      strace: ["strace"],
      gdb: ["gdb", "--backtrace"],
    };
    for (const [program, args] of Object.entries(tools)) {
      const env = { ...alone.env, PATH: directory.path };
      const { code, stderr } = await scope(local("-n", "demo", "-p", web!.metadata.name, ...args), { env });
      const said = `Cannot find the program "${program}" on this machine`;
      const hint = `--via local runs this machine's own programs: install ${program}`;
      assert.deepEqual([code, stderr], [68, `error: ${said}\nhint: ${hint}\n`]);
    }
  });
});
