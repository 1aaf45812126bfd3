import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import { demoPods, getPods, kubectl, TestNamespace } from "./kube.ts";
import { describe, nodeProcesses, podProcesses, runProcesses } from "./node_processes.ts";
import { eventsOf, scope, startScope } from "./scope.ts";

/** Returns the spec of a pod that Pod Security "restricted" admits. */
function restricted(command: string[], more: Record<string, unknown> = {}) {
  return {
    nodeName: "node1",
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
    containers: [{
      ...{ name: "main", image: "localhost/busybox:1", command, ...more },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    }],
  };
}

const pings = () => nodeProcesses().filter(({ argv }) => argv[0] === "ping");
const locked = ["-n", "locked", "-p", "locked", "--via", "ephemeral", "ping"];

Deno.test("ping without NET_RAW", async (t) => {
  await using own = await TestNamespace.make();
  await kubectl(["label", "namespace", own.name, "pod-security.kubernetes.io/enforce=restricted"]);

  await t.step("a live pod from locked: 0 % loss, by ICMP, as the target's own user", async () => {
    const [web] = await demoPods("web");
    await using ping = startScope([...locked, "-c", "3", "-o", "json", "-N", "demo", "-d", web!.metadata.name]);
    await ping.until("stdout", /"ping.reply"/, 60);
    const [running] = pings();
    assert.ok(running !== undefined, "there is a ping process");
    const status = Deno.readTextFileSync(`/proc/${running.pid}/status`);
    assert.match(status, /^CapEff:\t0+$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.equal(await ping.exit(), 0, ping.stderr);
    assert.match(ping.stderr, /^no NET_RAW here: pinging with unprivileged ICMP$/m);
    const events = eventsOf(ping.stdout);
    const { sent, received, lossPercent, protocol, port } = events.find(({ type }) => type === "ping.summary")!;
    assert.deepEqual({ sent, received, lossPercent }, { sent: 3, received: 3, lossPercent: 0 });
    assert.deepEqual([protocol, port], [undefined, undefined]);
    assert.deepEqual(events.map(({ type }) => type), [
      ...["ping.target", "ping.reply", "ping.reply", "ping.reply", "ping.summary"],
    ]);
  });

  await t.step("all pods of a namespace, of both families", async () => {
    for (const family of ["-4", "-6"]) {
      const { code, stdout, stderr } = await scope([
        ...locked,
        "-c2",
        "-i0.3",
        "-o",
        "json",
        "-N",
        "demo",
        "-a",
        family,
      ]);
      assert.equal(code, 0, stderr + stdout);
      const summaries = eventsOf(stdout).filter(({ type }) => type === "ping.summary");
      assert.ok(summaries.length >= 11 - (family === "-6" ? 1 : 0), stdout);
      assert.deepEqual(
        summaries.filter(({ lost, unsent, received }) => lost !== 0 || unsent !== 0 || received !== 2),
        [],
      );
    }
  });

  await t.step("who does not answer is lost, who has no name is said, and the exit code tells", async () => {
    const [web] = await demoPods("web");
    const silent = web!.status.podIP!.replace(/\d+$/, "253");
    const some = await scope([...locked, "-c2", "-i0.3", "-o", "json", web!.status.podIP!, silent, "nowhere.invalid"]);
    assert.equal(some.code, 1, some.stderr);
    const events = eventsOf(some.stdout);
    const of = (address: string) =>
      events.find((event) => event["type"] === "ping.summary" && event["address"] === address);
    assert.deepEqual([of(silent)?.["lost"], of(web!.status.podIP!)?.["received"]], [2, 2]);
    assert.equal(events.find(({ type }) => type === "failed")?.["subject"], "nowhere.invalid");
    assert.equal((await scope([...locked, "-c1", silent])).code, 2);
    const unknown = await scope([...locked, "-c1", "nowhere.invalid"]);
    assert.equal(unknown.code, 68);
    assert.match(unknown.stderr, /^error: Cannot resolve "nowhere\.invalid" in the target's network$/m);
  });

  await t.step("seventy destinations: 64 processes of ICMP, six by TCP, and Ctrl-C sums up all of them", async () => {
    await until("no ping to run", 10, () => pings().length === 0);
    const hosts = Array.from({ length: 70 }, (_, at) => `127.0.0.${at + 1}`);
    await using ping = startScope([...locked, "-c0", "-o", "json", ...hosts]);
    await ping.until("stdout", /"ping.reply".*"address":"127.0.0.70".*"seq":2/, 60);
    await ping.until("stdout", /"ping.reply".*"address":"127.0.0.64".*"seq":2/);
    assert.match(
      ping.stderr,
      /^no NET_RAW here: pinging 64 of 70 with unprivileged ICMP, 6 by TCP connect \(port 80\)$/m,
    );
    assert.equal(pings().length, 64, describe(pings()).join("\n"));
    ping.signal("SIGINT");
    assert.equal(await ping.exit(5), 130);
    const summaries = eventsOf(ping.stdout).filter(({ type }) => type === "ping.summary");
    assert.deepEqual(summaries.map(({ address }) => address), hosts);
    assert.deepEqual(
      summaries.filter(({ lost, unsent, received }) => lost !== 0 || unsent !== 0 || received === 0),
      [],
    );
    assert.deepEqual(summaries.slice(63, 65).map(({ protocol, port }) => [protocol, port]), [[undefined, undefined], [
      "tcp",
      80,
    ]]);
    await until("all of it to end", 5, () => runProcesses().length === 0, {
      missing: () => describe(runProcesses()).join("\n"),
    });
  });

  await t.step("Ctrl-C while the processes are still being started ends all of them, soon", async () => {
    const hosts = Array.from({ length: 64 }, (_, at) => `127.0.0.${at + 1}`);
    await using ping = startScope([...locked, "-c0", ...hosts]);
    await until("the first ping", 30, () => pings().length > 0);
    ping.signal("SIGINT");
    assert.equal(await ping.exit(5), 130);
    await until("all of it to end", 5, () => runProcesses().length === 0);
  });

  await t.step("SIGKILL of the command line leaves no process", async () => {
    const hosts = Array.from({ length: 66 }, (_, at) => `127.0.0.${at + 1}`);
    await using ping = startScope([...locked, "-c0", ...hosts]);
    await ping.until("stdout", /127\.0\.0\.66 tcp\/80: seq=1 /, 60);
    ping.signal("SIGKILL");
    await ping.exit(5);
    await until("all of it to end", 8, () => runProcesses().length === 0 && pings().length === 0, {
      missing: () => describe(runProcesses()).join("\n"),
    });
  });

  await t.step("in a pod of little memory, which goes on undisturbed", async () => {
    const limited = { resources: { limits: { memory: "160Mi" } } };
    await own.pod("small", { spec: restricted(["sleep", "infinity"], limited) });
    const hosts = Array.from({ length: 80 }, (_, at) => `127.0.0.${at + 1}`);
    const { code, stdout, stderr } = await scope([
      ...["-n", own.name, "-p", "small", "--via", "ephemeral", "ping", "-c3", "-i0.3", "-o", "json", ...hosts],
    ]);
    assert.equal(code, 0, stderr + stdout);
    const answered = eventsOf(stdout).filter(({ type, received }) => type === "ping.summary" && received === 3);
    assert.equal(answered.length, 80);
    const [small] = (await getPods(own.name)).filter(({ metadata }) => metadata.name === "small");
    assert.deepEqual(small!.status.containerStatuses?.[0]?.lastState, {}, "nothing of it was killed");
    await kubectl(["-n", own.name, "delete", "pod", "small", "--now"]);
  });

  await t.step(
    "where the kernel forbids unprivileged ICMP: TCP to the pod's own port, which its program never hears",
    async () => {
      const server = ["sh", "-c", "while nc -l -p 8080 </dev/null; do echo heard; done"];
      const [source] = await Promise.all([
        own.pod("source", { spec: restricted(["sleep", "infinity"]) }),
        own.pod("serving", { spec: restricted(server, { ports: [{ containerPort: 8080 }] }) }),
        own.pod("closed", { spec: restricted(["sleep", "infinity"], { ports: [{ containerPort: 9090 }] }) }),
        own.pod("silent", { spec: restricted(["sleep", "infinity"]) }),
      ]);
      const [process] = podProcesses(source!.metadata.uid);
      const inSource = async (...argv: string[]) => {
        const { code, stderr } = await outcome("nsenter", ["-t", `${process!.pid}`, "-n", "--", ...argv]);
        assert.equal(code, 0, stderr);
      };
      await inSource("sysctl", "-w", "net.ipv4.ping_group_range=1 0");
      const args = ["-n", own.name, "-p", "source", "--via", "ephemeral", "ping", "-c3", "-i0.2", "-a"];
      const { code, stdout, stderr } = await scope(args);
      assert.equal(code, 0, stderr + stdout);
      assert.match(
        stderr,
        /^no NET_RAW here, and no unprivileged ICMP \(net\.ipv4\.ping_group_range is "1 0"\): pinging by TCP connect \(ports 80, 8080, 9090\)$/m,
      );
      const [serving] = (await getPods(own.name)).filter(({ metadata }) => metadata.name === "serving");
      const where = `\\(${serving!.status.podIP} tcp/8080 on node1\\)`;
      assert.match(stdout, new RegExp(`^${own.name}/serving ${where}: seq=2 rtt=\\d+\\.\\d+ ms$`, "m"));
      assert.match(stdout, new RegExp(`^${own.name}/closed \\(\\S+ tcp/9090 on node1\\): seq=2 rtt=`, "m"));
      await inSource("bash", "-c", `exec 3<>/dev/tcp/${serving!.status.podIP}/8080`);
      const heard = () => kubectl(["-n", own.name, "logs", "serving"]);
      await until("the pod's program to hear of a connection", 5, async () => await heard() !== "");
      assert.equal(await heard(), "heard\n", "of the one that was no ping, and of no other");
    },
  );
});
