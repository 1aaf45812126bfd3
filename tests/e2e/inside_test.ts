import assert from "node:assert/strict";
import { mountedHierarchies, removeCgroup } from "../cluster/cgroups.ts";
import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import type { Pod } from "./kube.ts";
import { demoPods, isRunning, kubectl, TestNamespace } from "./kube.ts";
import { describe, nodeProcesses, podProcesses, runProcesses } from "./node_processes.ts";
import type { NodeProcess } from "./node_processes.ts";
import { scope, scopeOk, startScope } from "./scope.ts";
import { Terminal } from "./terminal.ts";
import { testedWays } from "./ways.ts";

/** Programs that overwrite their arguments and environment with a title; see proc(5) for the field numbers. */
const titles: Readonly<Record<string, string>> = {
  blanks: `$0 = "title"; sleep 100000`,
  zeros: `open S, "/proc/self/stat"; my @f = split " ", <S>; open M, "+<", "/proc/self/mem"; sysseek M, $f[47], 0;
    syswrite M, "title" . "\\0" x ($f[50] - $f[47] - 5); sleep 100000`,
};

const namespaces = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];
const left = () => describe(runProcesses()).join("\n");

async function untilNothingRuns(seconds = 5): Promise<void> {
  await until("what scope started to end", seconds, () => runProcesses().length === 0, { missing: left });
}

/** Returns the fields of /proc/PID/status that describe a process's rights. */
function rights(status: string): Record<string, string> {
  const lines = status.matchAll(/^(Uid|Gid|Groups|Cap\w+|NoNewPrivs|Seccomp|Seccomp_filters|Umask):\s*(.*?)\s*$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
}

/** Returns the first process of a container, as seen from this machine. */
function firstOf(pod: Pod, container?: string): NodeProcess {
  const status = pod.status.containerStatuses!.find(({ name }) => container === undefined || name === container)!;
  const id = status.containerID!.replace(/^.*\/\//, "");
  // Exclude processes that scope started, which may just be ending. Compare start times, as pids wrap around.
  const found = podProcesses(pod.metadata.uid).filter(({ cgroups, environ }) =>
    cgroups.includes(id) && !environ.some((entry) => entry.startsWith("SCOPE_RUN="))
  );
  assert.ok(found[0], `no process of ${pod.metadata.name}`);
  const startOf = ({ pid }: NodeProcess) => {
    try {
      return Number(read(pid, "stat").replace(/^.*\) /s, "").split(" ")[19]);
    } catch {
      return Infinity; // ended meanwhile
    }
  };
  return found.toSorted((a, b) => startOf(a) - startOf(b))[0]!;
}

const read = (pid: number, file: string) => Deno.readTextFileSync(`/proc/${pid}/${file}`);
const linkOf = (pid: number, file: string) => Deno.readLinkSync(`/proc/${pid}/${file}`);
const children = (pid: number) => read(pid, `task/${pid}/children`);
/** Returns the pid of a process in its own pid namespace. */
const innerPid = (pid: number) => /^NSpid:.*\s(\d+)$/m.exec(read(pid, "status"))![1]!;

/** Returns the sleeps of this test, by their time: pods of other tests, which are still being deleted, sleep as well. */
function sleepers(): NodeProcess[] {
  return nodeProcesses().filter(({ argv }) => argv.join(" ") === "sleep 7777");
}

for (const { via } of testedWays) {
  Deno.test(`shell --inside by the ${via} Way`, async (t) => {
    await using own = await TestNamespace.make();
    const at = (namespace: string, pod: string, ...more: string[]) => [
      ...["-n", namespace, "--debug-namespace", "demo", "-p", pod, "--via", via, "shell", "--inside", ...more],
    ];
    const inside = (app: string, ...more: string[]) => at("demo", app, ...more);
    const [pair, shared] = await Promise.all(["pair", "shared"].map(async (app) => (await demoPods(app))[0]!));
    // One pod of three, so that all steps use the same one.
    const web = (await demoPods("web"))[0]!, api = (await demoPods("api"))[0]!;
    const userPod = await own.pod("user", {
      spec: {
        securityContext: { fsGroup: 3000, supplementalGroups: [4000, 5000] },
        containers: [{
          name: "main",
          image: "localhost/busybox:1",
          command: [
            ...["sh", "-c"],
            "mkdir /tmp/gone && cd /tmp/gone && rmdir /tmp/gone && umask 027 && exec sleep infinity",
          ],
          env: [
            { name: "ODD", value: "two\nlines, $(id) and 'quotes'" },
            { name: "LD_PRELOAD", value: "/nowhere.so" },
            { name: "ENV", value: "/tmp/evil" },
            { name: "SCOPE_TARGET", value: "mine" },
            { name: "with.dots", value: "1" },
          ],
          securityContext: {
            runAsUser: 1000,
            runAsGroup: 2000,
            seccompProfile: { type: "RuntimeDefault" },
            capabilities: { drop: ["NET_RAW"] },
          },
        }],
      },
    });
    const fewPod = await own.pod("few", {
      spec: {
        containers: [{
          name: "main",
          image: "localhost/busybox:1",
          command: ["sleep", "infinity"],
          workingDir: "/etc",
          securityContext: {
            seccompProfile: { type: "RuntimeDefault" },
            capabilities: { drop: ["ALL"], add: ["NET_ADMIN", "NET_BIND_SERVICE"] },
          },
        }],
      },
    });

    const overwrittenPod = own.pod("overwritten", {
      spec: {
        containers: ["zeros", "blanks"].map((name) => ({
          name,
          image: Deno.env.get("SCOPE_IMAGE")!,
          command: ["perl", "-e", titles[name]],
          env: [{ name: "ODD", value: "two\nlines = 2" }],
        })),
      },
    });
    overwrittenPod.catch(() => {}); // awaited below

    const targets: { pod: Pod; container?: string }[] = [
      { pod: api },
      { pod: web },
      { pod: pair!, container: "back" },
      { pod: shared!, container: "idler" },
      { pod: userPod },
      { pod: fewPod },
    ];
    for (const { pod, container } of targets) {
      const { name, namespace } = pod.metadata;
      const chosen = container === undefined ? [] : ["-t", container];
      await t.step(`${pod.metadata.labels?.["app"] ?? name} ${chosen.join(" ")}: as the target in all`, async () => {
        const target = firstOf(pod, container).pid;
        const wanted = rights(read(target, "status"));
        assert.deepEqual(rights(await scopeOk(...at(namespace, name, ...chosen, "cat", "/proc/self/status"))), wanted);
        // The process inside the target, as seen from the node.
        await using sleeping = startScope(at(namespace, name, ...chosen, "sleep", "7777"));
        await until("sleep to run", 20, () => sleepers().length === 1, { missing: () => sleeping.stderr });
        const { pid } = sleepers()[0]!;
        assert.deepEqual(rights(read(pid, "status")), wanted);
        const links = (pid: number) => namespaces.map((kind) => linkOf(pid, `ns/${kind}`));
        assert.deepEqual(links(pid), links(target));
        assert.deepEqual([...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) => name).sort(), ["0", "1", "2"]);
        const root = (pid: number) => Deno.statSync(`/proc/${pid}/root`);
        assert.deepEqual([root(pid).dev, root(pid).ino], [root(target).dev, root(target).ino]);
        const cwd = linkOf(target, "cwd");
        assert.equal(linkOf(pid, "cwd"), cwd.endsWith(" (deleted)") ? "/" : cwd);
        assert.equal(read(pid, "oom_score_adj"), "1000\n");
        assert.equal(read(pid, "cgroup"), read(target, "cgroup"));
        assert.match(linkOf(pid, "exe"), /^\/memfd:busybox/);
      });

      await t.step(`${pod.metadata.labels?.["app"] ?? name}: has the target's environment`, async () => {
        const target = firstOf(pod, container);
        const printed = await scopeOk(...at(namespace, name, ...chosen, "cat", "/proc/self/environ"));
        const entries = printed.split("\0").filter((entry) => entry !== "");
        const ours = /^(SCOPE_RUN|SCOPE_TARGET|ENV)=/;
        const has = (name: string) => target.environ.some((entry) => entry.startsWith(`${name}=`));
        const wanted = target.environ.filter((entry) => !ours.test(entry));
        if (!has("PATH")) wanted.push("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        assert.ok(has("HOME"));
        assert.deepEqual(entries.filter((entry) => !ours.test(entry)), wanted);
        assert.deepEqual(entries.filter((entry) => ours.test(entry)).map((entry) => entry.split("=")[0]), [
          "SCOPE_RUN",
          "SCOPE_TARGET",
        ]);
        assert.ok(!entries.includes("SCOPE_TARGET=mine"));
      });
    }

    // Like nginx and postgres, which fill the rest of the environment with zeros; Perl fills it with blanks.
    for (const container of ["zeros", "blanks"]) {
      await t.step(
        `a target that has written over its environment, with ${container}: the container's own`,
        async () => {
          const pod = await overwrittenPod;
          const { environ } = firstOf(pod, container);
          assert.ok(!environ.some((entry) => entry.includes("ODD")), environ.join(" "));
          const { stdout, stderr } = await scope(
            at(own.name, "overwritten", "-t", container, "cat", "/proc/self/environ"),
          );
          assert.ok(stdout.split("\0").includes("ODD=two\nlines = 2"), stdout + stderr);
          assert.ok(stdout.split("\0").includes(`HOSTNAME=overwritten`), stdout);
          assert.doesNotMatch(stdout, /SCOPE_CONTAINER|title|\0\0/);
        },
      );
    }

    await t.step("its name, its files and its processes are the target's", async () => {
      assert.equal(await scopeOk(...inside(web.metadata.name, "hostname")), `${web.metadata.name}\n`);
      assert.equal(await scopeOk(...inside(web.metadata.name, "cat", "index.html")), `${web.metadata.name}\n`);
      assert.match(await scopeOk(...inside("api", "ls", "/")), /^agnhost$/m);
      assert.match(await scopeOk(...inside("api", "ps")), /^ +1 65532 +\/agnhost netexec/m);
      const { code, stderr } = await scope(inside("api", "touch", "/written"));
      assert.equal(code, 1);
      assert.match(stderr, /Read-only file system/);
    });

    await t.step("a command: an applet of busybox, or the target's own program, or 127", async () => {
      assert.match(await scopeOk(...inside("api", "/agnhost", "--version")), /^app version /);
      const { code, stdout, stderr } = await scope(inside("api", "no-such-program", "x"));
      assert.deepEqual({ code, stdout }, { code: 127, stdout: "" });
      assert.match(stderr, /^error: Cannot find the program "no-such-program" in the target, nor in busybox$/m);
    });

    await t.step("exit codes, signals and stdin pass through", async () => {
      assert.equal((await scope(inside("api", "sh", "-c", "exit 42"))).code, 42);
      for (const [name, number] of [["TERM", 15], ["KILL", 9]] as const) {
        assert.equal((await scope(inside("api", "sh", "-c", `kill -${name} $$`))).code, 128 + number, name);
      }
      const bytes = crypto.getRandomValues(new Uint8Array(60_000));
      assert.deepEqual((await scope(inside("api", "cat"), { stdin: bytes })).bytes, bytes);
      assert.equal((await scope(inside("api"), { stdin: new TextEncoder().encode("echo $0; exit 3\n") })).code, 3);
      const script = "trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.1; done";
      await using trapping = startScope(inside("api", "sh", "-c", script));
      await trapping.until("stdout", /ready/);
      trapping.signal("SIGINT");
      assert.equal(await trapping.exit(5), 5);
      assert.match(trapping.stdout, /caught/);
    });

    await t.step("a terminal, with job control", async () => {
      await using terminal = await Terminal.run(inside("api"), 100, 30);
      await terminal.until(/ inside:~\$ *$/m);
      await terminal.type("stty size", "Enter");
      await terminal.until(/^30 100$/m);
      await terminal.resize(120, 40);
      await until("the new size to arrive", 10, async () => {
        await terminal.type("clear; stty size", "Enter");
        return /^40 120$/m.test(await terminal.screen());
      }, { every: 300 });
      await terminal.type("clear; sleep 7777", "Enter");
      await until("sleep to run", 5, () => sleepers().length === 1);
      await terminal.type("", "C-z");
      await terminal.until(/Stopped +sleep 7777/);
      await terminal.type("clear; fg", "Enter");
      await terminal.until(/^sleep 7777$/m);
      await terminal.type("", "C-c");
      await terminal.type("echo code=$?", "Enter");
      await terminal.until(/^code=130$/m);
      await terminal.type("exit 7", "Enter");
      assert.equal((await terminal.exit(5)).code, 7);
      await untilNothingRuns();
    });

    await t.step("of a terminal, no history stays in the target", async () => {
      await using terminal = await Terminal.run(inside(web.metadata.name));
      await terminal.until(/ inside:\/srv# *$/m);
      await terminal.type("cd / && exit 0", "Enter");
      assert.equal((await terminal.exit(5)).code, 0);
      const files = `/proc/${firstOf(web).pid}/root`;
      assert.deepEqual([...Deno.readDirSync(`${files}/root`)], []);
    });

    await t.step("--privileged is root with all that there is, and says so", async () => {
      const { stdout, stderr } = await scope(inside("api", "--privileged", "cat", "/proc/self/status"));
      const { Uid, Gid, CapEff, CapBnd, NoNewPrivs, Seccomp } = rights(stdout);
      assert.match(stderr, /^this shell is root with all capabilities of the /m);
      assert.deepEqual([Uid, Gid], ["0\t0\t0\t0", "0\t0\t0\t0"]);
      assert.equal(CapEff, CapBnd);
      assert.notEqual(CapEff, "0000000000000000");
      if (via !== "node") return;
      // The rights of the endoscope's own container.
      const outside = await scopeOk(...inside("api").filter((word) => word !== "--inside"), "cat", "/proc/self/status");
      assert.deepEqual([CapEff, NoNewPrivs, Seccomp], [rights(outside)["CapBnd"], "0", "0"]);
    });

    await t.step("--user is another user, with what the target's bounding set leaves it", async () => {
      const as = async (app: string, user: string) => {
        return rights(await scopeOk(...inside(app, "--user", user, "cat", "/proc/self/status")));
      };
      const web = rights(read(firstOf((await demoPods("web"))[0]!).pid, "status"));
      const none = "0000000000000000";
      const other = await as("web", "1000:2000");
      assert.deepEqual([other["Uid"], other["Gid"]], ["1000\t1000\t1000\t1000", "2000\t2000\t2000\t2000"]);
      assert.deepEqual([other["CapEff"], other["CapPrm"], other["CapBnd"]], [none, none, web["CapBnd"]]);
      const root = await as("api", "0");
      assert.deepEqual([root["Uid"], root["Gid"]], ["0\t0\t0\t0", "65532\t65532\t65532\t65532"]);
      assert.deepEqual([root["CapEff"], root["NoNewPrivs"], root["Seccomp"]], [none, "1", "2"]);
    });

    // In `shared` the first process is the sandbox, which would inherit the orphans.
    for (const [name, chosen] of [["api", []], ["shared", ["-t", "idler"]], ["web", []]] as const) {
      await t.step(`${name}: no orphan and no zombie reaches the target's first process`, async () => {
        const [pod] = await demoPods(name);
        const first = podProcesses(pod!.metadata.uid).find(({ pid }) => innerPid(pid) === "1")!;
        const target = name === "shared" ? first : firstOf(pod!);
        const before = children(target.pid);
        const script = "(sleep 7777 & setsid sleep 7777 & env -i setsid sleep 7777 & sleep 0.1 &); exit 4";
        const { code, stderr } = await scope(inside(pod!.metadata.name, ...chosen, "sh", "-c", script));
        assert.equal(code, 4, stderr);
        assert.equal(children(target.pid), before);
        await untilNothingRuns();
        assert.deepEqual(describe(sleepers()), []);
      });

      await t.step(`${name}: SIGKILL of the command line leaves nothing`, async () => {
        const [pod] = await demoPods(name);
        const first = podProcesses(pod!.metadata.uid).find(({ pid }) => innerPid(pid) === "1")!;
        const before = children(first.pid);
        const script =
          "sleep 7777 & setsid sleep 7777 & env -i setsid sleep 7777 & (trap '' TERM HUP; sleep 7777) & wait";
        await using running = startScope(inside(pod!.metadata.name, ...chosen, "sh", "-c", script));
        await until("four to sleep", 20, () => sleepers().length === 4, { missing: () => running.stderr });
        running.signal("SIGKILL");
        await untilNothingRuns(5);
        await until("all to end", 2, () => sleepers().length === 0, { missing: () => describe(sleepers()).join("\n") });
        assert.equal(children(first.pid), before);
      });
    }

    await t.step("the target cannot write what runs in it, nor find a way out", async () => {
      const programs = ["sha256sum", "/opt/scope/inside", "/bin/busybox"];
      const outside = ["-n", "demo", "--debug-namespace", "demo", "-p", web.metadata.name, "--via", via, "shell"];
      const before = await scopeOk(...outside, ...programs);
      await using sleeping = startScope(inside(web.metadata.name, "sleep", "7777"));
      await until("sleep to run", 20, () => sleepers().length === 1, { missing: () => sleeping.stderr });
      const shell = sleepers()[0]!.pid, reaper = Number(/^PPid:\s*(\d+)$/m.exec(read(shell, "status"))![1]);
      assert.equal(read(reaper, "comm"), "inside\n");
      assert.deepEqual(rights(read(reaper, "status")), rights(read(firstOf(web).pid, "status")));
      const held = [...Deno.readDirSync(`/proc/${reaper}/fd`)].map(({ name }) => linkOf(reaper, `fd/${name}`));
      assert.ok(held.every((link) => /^(pipe:|anon_inode:\[signalfd\]$)/.test(link)), held.join(" "));
      // A running program's file cannot be written, so the attacker holds it open and waits for the program to end.
      const marker = `/tmp/held-${shell}`;
      const script = `exec 3</proc/${innerPid(shell)}/exe 4</proc/${innerPid(reaper)}/exe || exit
        readlink /proc/$$/fd/3; readlink /proc/$$/fd/4
        touch ${marker}
        while [ -d /proc/${innerPid(reaper)} ]; do sleep 0.1; done
        for held in 3 4; do (echo evil >>/proc/$$/fd/$held) && echo written; done; rm ${marker}; exit 0`;
      const attack = kubectl(["-n", "demo", "exec", web.metadata.name, "--", "sh", "-c", script]);
      await until("the attacker to hold them", 10, async () => {
        return (await Deno.lstat(`/proc/${firstOf(web).pid}/root${marker}`).catch(() => undefined)) !== undefined;
      });
      sleeping.signal("SIGTERM");
      assert.equal(await sleeping.exit(5), 143);
      assert.match(await attack, /^\/memfd:busybox.*\n\/memfd:inside.*\n$/);
      assert.equal(await scopeOk(...outside, ...programs), before);
    });

    await t.step("a device that the target may not open stays closed", async () => {
      const exec = (...words: string[]) =>
        outcome("kubectl", ["-n", "demo", "exec", web.metadata.name, "--", ...words]);
      // The target makes the device, for a later process with more rights. It is FUSE, which has no effect when opened.
      await exec("rm", "-f", "/tmp/device");
      const made = await exec("mknod", "-m", "666", "/tmp/device", "c", "10", "229");
      assert.equal(made.code, 0, made.stderr);
      const open = ["sh", "-c", ": </tmp/device && echo opened"];
      const refused = /^sh: can't open \/tmp\/device: Operation not permitted$/m;
      assert.match((await exec(...open)).stderr, refused);
      const { stdout, stderr } = await scope(inside(web.metadata.name, ...open));
      assert.equal(stdout, "");
      assert.match(stderr, refused);
      // With --privileged it opens: the refusal came from the device cgroup, not from a missing device.
      if (via === "node") {
        assert.equal(await scopeOk(...inside(web.metadata.name, "--privileged", ...open)), "opened\n");
      }
    });

    await t.step("a target that is deleted meanwhile is said", async () => {
      await own.pod("short");
      await using sleeping = startScope(at(own.name, "short", "sleep", "7777"));
      await until("sleep to run", 20, () => sleepers().length === 1, { missing: () => sleeping.stderr });
      await kubectl(["-n", own.name, "delete", "pod", "short", "--wait=false"]);
      assert.equal(await sleeping.exit(15), 69);
      assert.match(sleeping.stderr, /^error: Pod ".*\/short" .*$/m);
    });

    await t.step("a container that does not run is said", async () => {
      await own.pod("crashing", {
        command: ["false"],
        until: (pod) => !isRunning(pod) && pod.status.containerStatuses?.[0]?.lastState?.["terminated"] !== undefined,
      });
      const { code, stderr } = await scope(at(own.name, "crashing", "true"));
      assert.deepEqual([code, /^error: .*crashing.*$/m.test(stderr)], [via === "node" ? 68 : 69, true], stderr);
    });

    if (via !== "node") return;
    await t.step("no descriptor comes along, whatever its number", async () => {
      const outside = ["-n", "demo", "--debug-namespace", "demo", "-p", web.metadata.name, "--via", via, "shell"];
      const script = "exec 9</etc/passwd 1023</etc/passwd 1024</etc/passwd 2000</etc/passwd 4095</etc/passwd; " +
        "exec /opt/scope/inside --pid 1 --privileged -- ls /proc/self/fd";
      // The last descriptor belongs to ls itself.
      assert.equal(await scopeOk(...outside, "bash", "-c", `ulimit -n 5000; ${script}`), "0\n1\n2\n3\n");
    });

    await t.step("a target whose limits cannot be taken over is said, and --privileged goes without", async () => {
      const freezer = mountedHierarchies().find(({ controllers }) => controllers === "freezer");
      // With cgroup v2, a target moved out of its container's cgroup is not found.
      if (freezer === undefined) return;
      const pod = await own.pod("moved"), name = `scope-${own.name}`;
      const group = `${freezer.path}/${name}`;
      Deno.mkdirSync(group);
      try {
        // Out of the node's cgroup, so that the debug pod cannot follow.
        Deno.writeTextFileSync(`${group}/cgroup.procs`, `${firstOf(pod).pid}`);
        const { code, stdout, stderr } = await scope(at(own.name, "moved", "echo", "in"));
        assert.deepEqual({ code, stdout }, { code: 77, stdout: "" }, stderr);
        assert.match(
          stderr,
          /^error: Cannot take over the target's limits: its freezer group cannot be joined: No such /m,
        );
        assert.match(stderr, /^hint: --privileged goes in without /m);
        assert.equal(await scopeOk(...at(own.name, "moved", "--privileged", "echo", "in")), "in\n");
      } finally {
        await removeCgroup(name);
      }
    });

    await t.step("a seccomp filter that cannot be read is said, and --privileged goes without", async () => {
      await using tracing = startScope(["-n", "demo", "-p", "api", "--via", via, "shell", "strace", "-p", "1"]);
      await tracing.until("stderr", /attached/);
      const { code, stderr } = await scope(inside("api", "true"));
      assert.equal(code, 77);
      assert.match(stderr, /^error: Cannot read the seccomp filter of the target: another program traces it/m);
      assert.match(stderr, /^hint: --privileged /m);
      assert.equal((await scope(inside("api", "--privileged", "true"))).code, 0);
      tracing.signal("SIGINT");
      await tracing.exit(10);
      await scopeOk(...inside("api", "true"));
    });
  });
}

Deno.test("shell greets with where the target's files are", async (t) => {
  for (const { via } of testedWays) {
    for (const [app, chosen, file] of [["web", [], "srv"], ["shared", ["-t", "idler"], "bin"]] as const) {
      await t.step(`${app} by the ${via} Way`, async () => {
        await using terminal = await Terminal.run(["-n", "demo", "-p", app, "--via", via, "shell", ...chosen], 120, 30);
        const screen = await terminal.until(/^the files of demo\/\S+ are in \/proc\/\d+\/root/m);
        if (app === "web") assert.match(screen, /\/proc\/1\/root/);
        await terminal.type("clear; ls $SCOPE_ROOT", "Enter");
        await terminal.until(new RegExp(`\\b${file}\\b`));
        await terminal.type("exit", "Enter");
        await terminal.exit();
      });
    }
  }
});
