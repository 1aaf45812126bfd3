/** Tests that problems in an ephemeral container do not harm its pod. */
import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { managersOf, runningContainers } from "./ephemeral.ts";
import { getPod, type Pod, TestNamespace } from "./kube.ts";
import { childrenOf, describe, firstProcesses, podProcesses } from "./node_processes.ts";
import { scope, scopeOk, type ScopeProcess, startScope, through } from "./scope.ts";

/** Makes a pod with a memory limit whose app uses 60 MiB; a guaranteed one requests its whole limit. */
function smallPod(own: TestNamespace, name: string, guaranteed: boolean, memory = "160Mi"): Promise<Pod> {
  const mebibytes = 60 * 1024 * 1024;
  const args = ["stress", "--mem-total", `${mebibytes}`, "--mem-alloc-size", "4Mi", "--mem-alloc-sleep", "1ms"];
  const limits = { memory, cpu: "500m" };
  const resources = { requests: guaranteed ? limits : { memory: "1Mi", cpu: "10m" }, limits };
  return own.pod(name, { spec: { containers: [{ name: "main", image: "localhost/agnhost:1", args, resources }] } });
}

async function restarts(namespace: string, name: string): Promise<number> {
  const { status } = await getPod(namespace, name);
  return (status.containerStatuses![0] as unknown as { restartCount: number }).restartCount;
}

Deno.test("a pod limited to 160 MiB whose app uses 60", (t) =>
  through("ephemeral", async () => {
    await using own = await TestNamespace.make();
    for (const name of ["guaranteed", "burstable"]) {
      await t.step(`${name}: a tool that takes all memory it can get fails itself`, async () => {
        const pod = await smallPod(own, name, name === "guaranteed");
        const used = () => {
          const [app] = podProcesses(pod.metadata.uid).filter(({ argv }) => argv[0] === "/agnhost");
          return Number(/^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${app!.pid}/status`))![1]);
        };
        await until("the app to use its memory", 20, () => used() > 60 * 1024);
        for (const hungry of ["tail /dev/zero", "head -c 500m /dev/zero | tail", "sort /dev/zero"]) {
          const { code, stderr } = await scope(["-n", own.name, "-p", name, "shell", "sh", "-c", hungry]);
          assert.ok(code !== 0 && code < 64, `${hungry}: ${code} ${stderr}`);
          assert.match(stderr, /memory exhausted|annot allocate/);
        }
        assert.equal(await scopeOk("-n", own.name, "-p", name, "shell", "hostname"), `${name}\n`);
        assert.equal(await restarts(own.name, name), 0);
        assert.equal((await runningContainers(own.name, name)).length, 1);
      });
    }

    await t.step("when the kernel ends the manager for want of memory, that is said", async () => {
      const name = "tight";
      await smallPod(own, name, true, "120Mi");
      // Memory in /dev/shm counts for no process's limit, and is freed when the last descriptor is closed.
      const script = "exec 3>/dev/shm/x; rm /dev/shm/x; head -c 64m /dev/zero >&3; sleep 1000";
      await using shell = startScope(["-n", own.name, "-p", name, "shell", "sh", "-c", script]);
      assert.equal(await shell.exit(30), 69, shell.stderr);
      assert.match(
        shell.stderr,
        /^error: Lost the connection to the manager in ephemeral container ".*" of pod ".*"$/m,
      );
      assert.match(shell.stderr, /^hint: the kernel ended it for want of memory \(OOMKilled\)$/m);
      // The app may survive or not: the kernel chooses the victim, and memory in /dev/shm counts for no process.
    });
  }));

/** Script that leaves three kinds of daemons behind, and prints a line when all of them run. */
const daemons = [
  "sleep 1000 &",
  "setsid nohup sleep 1000 >/dev/null 2>&1 &",
  "(setsid sh -c 'sleep 1000 & exit' >/dev/null 2>&1 &)",
  "(trap '' TERM HUP INT; sleep 1000) &",
  'while [ "$(pgrep -xc sleep)" -lt $1 ]; do :; done; echo ready; sleep 1000',
].join("\n");

const ends: readonly [name: string, end: (own: TestNamespace, pod: Pod, shell: ScopeProcess) => Promise<unknown>][] = [
  ["SIGKILL for scope", (_own, _pod, shell) => Promise.resolve(shell.signal("SIGKILL"))],
  ["SIGKILL for the manager", (_own, pod) => {
    const [manager, ...more] = managersOf(pod);
    assert.deepEqual(more, []);
    Deno.kill(manager!.pid, "SIGKILL");
    return Promise.resolve();
  }],
  ["cleanup", (own, pod) => scopeOk("-n", own.name, "cleanup", "-p", pod.metadata.name)],
];

Deno.test("no orphan and no zombie reaches the target's first process", (t) =>
  through("ephemeral", async () => {
    await using own = await TestNamespace.make();
    const busybox = { image: "localhost/busybox:1", command: ["sleep", "infinity"] };
    const containers = ["one", "two"].map((name) => ({ name, ...busybox }));
    const pods = await Promise.all([
      own.pod("sleeps"), // sleep, as pid 1, never reaps
      own.pod("serves", { command: ["httpd", "-f", "-p", "8080", "-h", "/tmp"] }),
      own.pod("shares", { spec: { shareProcessNamespace: true, containers } }),
    ]);
    for (const pod of pods) {
      const name = pod.metadata.name, uid = pod.metadata.uid;
      const family = () => firstProcesses(uid).map((pid) => `${pid}: ${childrenOf(pid).join(" ")}`);
      const others = () => describe(podProcesses(uid).filter(({ argv }) => argv[0] !== "socat"));
      const before = family(), alone = others();
      for (const [how, end] of ends) {
        await t.step(`${name}, ended by ${how}`, async () => {
          const sleepers = alone.filter((line) => / sleep /.test(line)).length;
          const script = ["shell", "sh", "-c", daemons, "sh", `${sleepers + 4}`];
          await using shell = startScope(["-n", own.name, "-p", name, ...script]);
          await shell.until("stdout", /ready/, 30);
          await end(own, pod, shell);
          const ours = () => others().filter((line) => !alone.includes(line) && !/tini|reaper|manager\.js/.test(line));
          await until("what the shell left behind to end", 8, () => ours().length === 0, {
            missing: () => ours().join("\n"),
          });
          // Zombies count as children.
          await until("the target's first process to be without strangers", 2, () => {
            return family().join() === before.join();
          }, { missing: () => family().join("\n") });
        });
      }
      await t.step(`${name} goes on as if nothing had been`, async () => {
        await until("nothing but the pod's own to run", 10, () => others().join() === alone.join(), {
          missing: () => others().join("\n"),
        });
        const { status } = await getPod(own.name, name);
        for (const one of status.containerStatuses!) {
          assert.equal((one as unknown as { restartCount: number }).restartCount, 0);
        }
      });
    }
  }));
