/**
 * Tests that the commands work by the ephemeral way as well; their own tests use the node way. rbac_test.ts runs each of them,
 * `manage` among them, by both.
 */
import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { digest, noise } from "./files.ts";
import { managersOf } from "./ephemeral.ts";
import { makeIstioRules } from "./istio_rules.ts";
import { demoPods, isRunning, kubectl, TestNamespace } from "./kube.ts";
import { describe, podProcesses } from "./node_processes.ts";
import { Laptop, PodNetwork } from "./pod_network.ts";
import { appPod, POD } from "./redirected.ts";
import { eventsOf, scope, scopeOk, startScope, through } from "./scope.ts";
import { threadsOf, untilFree } from "./traced_state.ts";

/** Limit until connections go to the pod again, and what scope started has ended, in seconds. */
const BACK = 5;

/** Declares a test with a pod of its own, so that no test depends on another. */
function byEphemeral(name: string, body: (own: TestNamespace) => Promise<void>): void {
  Deno.test(`by the ephemeral way, ${name}`, () =>
    through("ephemeral", async () => {
      await using own = await TestNamespace.make();
      await body(own);
    }));
}

/** Returns the numbers of a process's rights in /proc/PID/status. */
function rights(status: string): string[] {
  return status.split("\n").filter((line) => /^(Uid|Gid|Groups|Cap\w+|NoNewPrivs|Seccomp|Umask):/.test(line));
}

byEphemeral("ping and hping reach every pod, and ping ends with scope", async (own) => {
  const pod = await own.pod("web", appPod());
  const web = ["-n", own.name, "-p", "web"];
  const [api] = await demoPods("api");
  const toApi = ["-N", "demo", "-d", "api"];
  for (const args of [["ping", ...toApi, "-c", "2"], ["hping", ...toApi, "--", "-S", "-c", "2"]]) {
    const events = eventsOf(await scopeOk(...web, "-o", "json", ...args));
    const replies = events.filter(({ type }) => /^h?ping\.reply$/.test(type as string));
    assert.deepEqual(replies.map(({ pod }) => pod), [api!.metadata.name, api!.metadata.name], `${args[0]}`);
  }
  const started = () =>
    podProcesses(pod.metadata.uid).filter(({ environ }) => environ.some((entry) => entry.startsWith("SCOPE_RUN=")));
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    await using ping = startScope([...web, "ping", "-c0", ...toApi]);
    await ping.until("stdout", /seq=1 /);
    assert.equal(started().filter(({ argv }) => argv[0] === "fping").length, 1);
    ping.signal(signal);
    await until("ping to end", BACK, () => started().length === 0, { missing: () => describe(started()).join("\n") });
    const code = await ping.exit(BACK);
    if (signal === "SIGTERM") assert.deepEqual([code, /^NAME .* STATUS$/m.test(ping.stdout)], [143, true], ping.stdout);
  }
});

byEphemeral("pids and shell see the target's processes, and output, input and exit code pass through", async (own) => {
  await own.pod("web", appPod());
  const web = ["-n", own.name, "-p", "web"];
  const [first] = eventsOf(await scopeOk(...web, "-o", "json", "pids")).filter(({ type }) => type === "pids.process");
  assert.deepEqual([first?.["pid"], first?.["containerPid"]], [1, 1]);
  assert.match(first?.["command"] as string, /^httpd -f /);
  const script = "cat; ps -o args= -p 1; cat /proc/1/root/srv/index.html; exit 42";
  const { code, stdout } = await scope([...web, "shell", "sh", "-c", script], {
    stdin: new TextEncoder().encode("input\n"),
  });
  assert.equal(code, 42);
  assert.match(stdout, new RegExp(`^input\nhttpd -f .*\n${POD}\n$`));
});

byEphemeral("pids says that the pids are not the node's, and which containers it does not see", async (own) => {
  const sleeping = (name: string) => ({ name, image: "localhost/busybox:1", command: ["sleep", "infinity"] });
  await own.pod("pair", { spec: { containers: [sleeping("front"), sleeping("back")] } });
  const { code, stderr } = await scope(["-n", own.name, "-p", "pair", "pids"]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^the pids are those of the target's own pid namespace; --via node tells the node's$/m);
  assert.match(stderr, /^container "back" is not seen from here: give --container back, or /m);
});

byEphemeral("a container that does not run is said", async (own) => {
  await own.pod("crashing", {
    command: ["false"],
    until: (pod) => !isRunning(pod) && pod.status.containerStatuses?.[0]?.lastState?.["terminated"] !== undefined,
  });
  for (const args of [["shell", "true"], ["shell", "--inside", "true"], ["pids"]]) {
    const { code, stderr } = await scope(["-n", own.name, "-p", "crashing", ...args]);
    assert.equal(code, 69, args.join(" "));
    assert.match(stderr, /^error: Container "main" of pod ".*\/crashing" does not run \((Error|CrashLoopBackOff)\)$/m);
  }
});

byEphemeral("shell --inside has the target's rights, files and processes, and nothing else", async (own) => {
  const securityContext = { runAsUser: 1000, runAsGroup: 2000, capabilities: { drop: ["NET_RAW"] } };
  const containers = [{ name: "main", image: "localhost/busybox:1", command: ["sleep", "infinity"], securityContext }];
  const pod = await own.pod("user", { spec: { containers } });
  const target = podProcesses(pod.metadata.uid).find(({ argv }) => argv[0] === "sleep")!;
  const inside = ["-n", own.name, "-p", "user", "shell", "--inside"];
  const status = await scopeOk(...inside, "cat", "/proc/self/status");
  assert.deepEqual(rights(status), rights(Deno.readTextFileSync(`/proc/${target.pid}/status`)));
  assert.equal(
    await scopeOk(...inside, "sh", "-c", "echo /etc/host*; readlink /proc/1/exe"),
    "/etc/hostname /etc/hosts\n/bin/busybox\n",
  );
  assert.equal((await scope([...inside, "sh", "-c", "kill -TERM $$"])).code, 143);
});

byEphemeral("strace and gdb trace the target, and let go of it when scope is killed", async (own) => {
  const image = "localhost/dynamic:1", script = "while :; do sleep 0.05; done";
  const containers = [{ name: "main", image, command: ["/bin/bash", "-c", script] }];
  const pod = await own.pod("app", { spec: { containers } });
  const app = ["-n", own.name, "-p", "app"];
  const [thread] = eventsOf(await scopeOk(...app, "-o", "json", "gdb", "--backtrace"));
  const frames = (thread?.["frames"] as { function?: string }[]).map((frame) => frame.function);
  assert.equal(frames.at(-1), "main", `${frames}`);
  await untilFree(pod, script, BACK);
  for (const args of [["strace"], ["gdb", "--batch", "--", "-ex", "continue"]]) {
    await using trace = startScope([...app, ...args]);
    if (args[0] === "strace") await trace.until("stdout", /wait4\(/);
    else {
      const traced = () => podProcesses(pod.metadata.uid).some(({ argv }) => /(^|\/)gdb$/.test(argv[0] ?? ""));
      await until("gdb to run", 20, traced, { missing: () => trace.stderr });
    }
    trace.signal("SIGKILL");
    await untilFree(pod, script, 6);
  }
});

byEphemeral("a target that ends while gdb traces it takes its exit code with it", async (own) => {
  const script = "trap 'exit 7' USR1; while :; do sleep 0.05; done";
  const containers = [{ name: "main", image: "localhost/dynamic:1", command: ["/bin/bash", "-c", script] }];
  const pod = await own.pod("ending", { spec: { containers, restartPolicy: "Never" } });
  const command = ["gdb", "--batch", "--", "-ex", "handle SIGUSR1 nostop noprint pass", "-ex", "continue"];
  await using gdb = startScope(["-n", own.name, "-p", "ending", ...command]);
  const traced = () => threadsOf(pod, script).some(({ tracer }) => tracer !== "0");
  await until("the target to be traced", 20, traced, { missing: () => gdb.stdout + gdb.stderr });
  Deno.kill(podProcesses(pod.metadata.uid).find(({ argv }) => argv.includes(script))!.pid, "SIGUSR1");
  // The kernel also ends gdb and the manager, whose pid namespace is the target's.
  assert.equal(await gdb.exit(), 69, gdb.stdout + gdb.stderr);
  const { status } = await own.untilPod("ending", ({ status }) => status.phase === "Failed");
  assert.equal((status.containerStatuses?.[0]?.state["terminated"] as { exitCode?: number }).exitCode, 7);
});

byEphemeral("cp and fs read and write the target's files", async (own) => {
  await own.pod("web", appPod());
  const web = ["-n", own.name, "-p", "web"], exec = ["-n", own.name, "exec", "web", "--", "sh", "-c"];
  const directory = await Deno.makeTempDir({ prefix: "scope-e2e-files-" });
  try {
    const bytes = noise(5_000_000);
    Deno.writeFileSync(`${directory}/there`, bytes);
    await scopeOk(...web, "cp", `${directory}/there`, ":/tmp/there");
    assert.equal((await kubectl([...exec, "sha256sum /tmp/there"])).slice(0, 64), await digest(bytes));
    await scopeOk(...web, "cp", ":/tmp/there", `${directory}/back`);
    assert.deepEqual(Deno.readFileSync(`${directory}/back`), bytes);
    assert.equal(await scopeOk(...web, "fs", "cat", "/srv/index.html"), `${POD}\n`);
    assert.match(await scopeOk(...web, "fs", "ls", "/srv"), /index\.html/);
    const { code, stderr } = await scope([...web, "cp", `${directory}/there`, ":/proc/there"]);
    assert.notEqual(code, 0);
    assert.match(stderr, /^error: /m);
    assert.equal(await kubectl([...exec, "ls -A /tmp"]), "there\n");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

byEphemeral("redir brings connections here, and the pod answers again when scope is killed", async (own) => {
  const pod = await own.pod("web", appPod());
  using network = new PodNetwork(pod);
  await using laptop = await Laptop.web("LAPTOP");
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    await using redir = startScope(["-n", own.name, "-p", "web", "-o", "json", "redir", `8080:${laptop.port}`]);
    await redir.until("stdout", /"redir\.started"/, 60);
    assert.match(await network.get("127.0.0.1", 8080), /LAPTOP/);
    redir.signal(signal);
    const answers = async () => (await network.get("127.0.0.1", 8080).catch(() => "")).includes(POD);
    await until("the pod to answer", BACK, answers);
    await until("no table of scope to be left", BACK, async () => (await network.tables()).length === 0);
  }
});

byEphemeral("bypass sends connections around the sidecar, and back when scope is killed", async (own) => {
  const serve = (port: number, text: string) =>
    `mkdir -p /srv; echo ${text} >/srv/index.html; exec httpd -f -p ${port} -h /srv`;
  const pod = await own.pod("app", { command: ["sh", "-c", serve(15001, "SIDECAR")] });
  const other = await own.pod("other", { command: ["sh", "-c", serve(8080, "DIRECT")] });
  using network = new PodNetwork(pod);
  await makeIstioRules(network, "legacy");
  const whoAnswers = async () => {
    return /SIDECAR|DIRECT/.exec(await network.get(other.status.podIP!, 8080).catch(() => ""))?.[0];
  };
  await until("the sidecar to answer", 10, async () => await whoAnswers() === "SIDECAR");
  await using bypass = startScope(["-n", own.name, "-p", "app", "-o", "json", "bypass", "istio"]);
  await bypass.until("stdout", /"bypass\.started"/, 60);
  await until("the other pod to answer", 10, async () => await whoAnswers() === "DIRECT");
  Deno.kill(managersOf(pod)[0]!.pid, "SIGKILL");
  await bypass.until("stdout", /"bypass.lost".*\n.*"bypass.resumed".*\n.*"bypass.started".*\n/, 60);
  assert.equal(await whoAnswers(), "DIRECT");
  bypass.signal("SIGKILL");
  await until("the sidecar to answer again", BACK, async () => await whoAnswers() === "SIDECAR");
});
