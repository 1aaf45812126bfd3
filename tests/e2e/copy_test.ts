import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { Kubeconfig } from "./credentials.ts";
import { demoPods, getPod, getPods, isRunning, kubectl, type Pod, TestNamespace } from "./kube.ts";
import { nodeProcesses } from "./node_processes.ts";
import { eventsOf, scope, scopeOk, startScope } from "./scope.ts";

/** Returns the copies of pods in a namespace. */
async function copies(namespace: string): Promise<Pod[]> {
  return await getPods(namespace, "scope/kind=copy");
}

const container = (pod: Pod, name: string) => pod.spec["containers"].find((one: { name: string }) => one.name === name);
const crashes = ({ status }: Pod) =>
  status.containerStatuses?.some(({ lastState }) => lastState?.["terminated"] !== undefined) === true;

/** Makes a crashing pod behind a Service, on node2, with a failing probe, a volume and variables. */
async function makeCrashing(own: TestNamespace): Promise<Pod> {
  await kubectl(["create"], {
    apiVersion: "v1",
    kind: "List",
    items: [{
      ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace: own.name } },
      data: { colour: "blue" },
    }, {
      ...{ apiVersion: "v1", kind: "Service", metadata: { name: "crash", namespace: own.name } },
      spec: { selector: { e2e: "crash" }, ports: [{ port: 80, targetPort: 8080 }], publishNotReadyAddresses: true },
    }],
  });
  return await own.pod("crash", {
    until: crashes,
    spec: {
      nodeName: "node2",
      volumes: [{ name: "data", emptyDir: {} }, { name: "settings", configMap: { name: "settings" } }],
      initContainers: [{
        ...{ name: "prepare", image: "localhost/busybox:1", command: ["sh", "-c", "echo one >/data/one"] },
        volumeMounts: [{ name: "data", mountPath: "/data" }],
      }],
      containers: [{
        ...{ name: "helper", image: "localhost/busybox:1", command: ["sleep", "infinity"] },
      }, {
        ...{ name: "app", image: "localhost/busybox:1", command: ["sh"], args: ["-c", "echo crashing >&2; exit 3"] },
        env: [
          { name: "COLOUR", valueFrom: { configMapKeyRef: { name: "settings", key: "colour" } } },
          { name: "LABEL", valueFrom: { fieldRef: { fieldPath: "metadata.labels['e2e']" } } },
        ],
        ports: [{ containerPort: 8080, hostPort: 18077 }],
        livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 1 },
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
        lifecycle: { preStop: { exec: { command: ["sleep", "20"] } } },
        volumeMounts: [{ name: "data", mountPath: "/data" }, { name: "settings", mountPath: "/settings" }],
      }],
    },
  });
}

Deno.test("copy", async (t) => {
  await using own = await TestNamespace.make();
  const original = await makeCrashing(own);
  const inside = (...args: string[]) => ["-n", own.name, ...args];
  const copy = (...args: string[]) => inside("-p", "crash", "--container", "app", "copy", ...args);
  /** Makes a copy, and returns its event. */
  const made = async (...args: string[]) => {
    const { code, stdout, stderr } = await scope([...copy("-o", "json"), ...args]);
    assert.equal(code, 0, stderr);
    const [event, ...more] = eventsOf(stdout);
    assert.deepEqual(more, []);
    return event!;
  };

  const prepare = inside("-p", "crash", "--container", "prepare", "copy", "--name", "init", "sleep", "3600");
  const [sleeping, init] = await Promise.all([made("--command", "sleep", "3600"), scopeOk(...prepare)]);
  const sleepingPod = () => getPod(own.name, String(sleeping["name"]));

  await t.step("with another command runs where the original crashes, on its node", async () => {
    const { name, time: _time, tookMs, ...rest } = sleeping;
    assert.match(String(name), /^crash-copy-[a-z0-9]{5}$/);
    assert.ok(typeof tookMs === "number" && tookMs > 0);
    assert.deepEqual(rest, {
      ...{ type: "copy.ready", namespace: own.name, node: "node2", of: "crash", container: "app" },
      ...{ image: "localhost/busybox:1", command: ["sleep", "3600"], status: "Running" },
    });
    const pod = await own.untilPod(String(name), isRunning);
    assert.equal(pod.spec.nodeName, "node2");
    assert.equal((await scopeOk(...inside("-p", String(name), "shell", "hostname"))).trim(), name);
  });

  await t.step("gets no traffic, has no probe and no label of the original", async () => {
    const pod = await sleepingPod();
    for (const { livenessProbe, readinessProbe, lifecycle } of pod.spec["containers"]) {
      assert.deepEqual([livenessProbe, readinessProbe, lifecycle], [undefined, undefined, undefined]);
    }
    assert.equal(pod.metadata.labels?.["e2e"], undefined);
    // Not even a Service that publishes addresses of pods that are not ready selects it.
    const endpoints = JSON.parse(await kubectl(["-n", own.name, "get", "endpointslices", "-o", "json"]));
    const ips = endpoints.items.flatMap((slice: { endpoints?: { addresses: string[] }[] }) =>
      (slice.endpoints ?? []).flatMap(({ addresses }) => addresses)
    );
    assert.ok(ips.includes(original.status.podIP) && !ips.includes(pod.status.podIP), String(ips));
    assert.deepEqual(await demoPods("web").then((pods) => pods.length), 3, "and no workload counts it");
  });

  await t.step("has the volumes and variables of the original, and a token of its own", async () => {
    const pod = await sleepingPod();
    const exec = (...command: string[]) =>
      kubectl(["-n", own.name, "exec", pod.metadata.name, "-c", "app", "--", ...command]);
    assert.equal(await exec("cat", "/data/one", "/settings/colour"), "one\nblue");
    assert.equal(await exec("sh", "-c", "echo $COLOUR $LABEL"), "blue crash\n");
    assert.match(await exec("cat", "/var/run/secrets/kubernetes.io/serviceaccount/namespace"), new RegExp(own.name));
    const tokens = ({ spec }: Pod) =>
      spec["volumes"].map(({ name }: { name: string }) => name)
        .filter((name: string) => name.startsWith("kube-api-access"));
    assert.equal(tokens(pod).length, 1);
    assert.notDeepEqual(tokens(pod), tokens(original));
  });

  await t.step("says who made it of what, and when it ends", async () => {
    const { metadata: { name, annotations } } = await sleepingPod();
    assert.deepEqual([annotations?.["scope/copy-of"], annotations?.["scope/copied-by"]], ["crash", "admin"]);
    const lines = (await scopeOk(...inside("list"))).split("\n\n").at(-1)!.trim().split("\n").slice(1);
    assert.equal(lines.length, (await copies(own.name)).length);
    const words = `^${own.name} +${name} +crash +node2 +Running +localhost/busybox:1 +\\d+s +in 11h59m$`;
    assert.match(lines.join("\n"), new RegExp(words, "m"));
  });

  await t.step("without a command crashes, too, once, and its log and exit code stay", async () => {
    const { code, stdout, stderr } = await scope(copy("--name", "again"));
    assert.equal(code, 0, stderr);
    const next = `next: kubectl logs -n ${own.name} again -c app`;
    assert.equal(
      stdout,
      `${own.name}/again on node2: copy of crash, container app has ended: Error, exit code 3; ${next}\n`,
    );
    assert.equal(await kubectl(["logs", "-n", own.name, "again", "-c", "app"]), "crashing\n");
    const statuses = (await getPod(own.name, "again")).status.containerStatuses!;
    assert.deepEqual(statuses.map(({ name, state }) => [name, Object.keys(state)[0]]), [
      ["app", "terminated"],
      ["helper", "running"],
    ]);
  });

  await t.step("takes another image, shared processes, and any node", async () => {
    const event = await made(
      "--image",
      "localhost/agnhost:1",
      "--share-processes",
      "--any-node",
      "--",
      "/agnhost",
      "pause",
    );
    const pod = await getPod(own.name, String(event["name"]));
    assert.equal(container(pod, "app").image, "localhost/agnhost:1");
    assert.equal(container(pod, "helper").image, "localhost/busybox:1");
    assert.equal(pod.spec["shareProcessNamespace"], true);
    const events = JSON.parse(await kubectl(["-n", own.name, "get", "events", "-o", "json"])).items;
    const reasons = events.filter((one: { involvedObject: { uid: string } }) =>
      one.involvedObject.uid === pod.metadata.uid
    ).map(({ reason }: { reason: string }) => reason);
    assert.ok(reasons.includes("Scheduled"), `by the scheduler: ${reasons}`);
    const ps = await kubectl(["-n", own.name, "exec", pod.metadata.name, "-c", "helper", "--", "ps"]);
    assert.match(ps, /\/agnhost pause/);
  });

  await t.step("of an init container, before all others", async () => {
    assert.match(init, /init on node2: copy of crash, container prepare runs sleep 3600; next: /);
    assert.equal((await getPod(own.name, "init")).status.phase, "Pending");
  });

  await t.step("the init container that runs is the target, by both ways", async () => {
    for (const via of ["node", "ephemeral"] as const) {
      const there = inside("-p", "init", "--via", via);
      const { stdout, stderr } = await scope([...there, "-o", "json", "pids"]);
      assert.match(stderr, /^using init container "prepare" of pod ".*\/init", which the others wait for$/m);
      assert.deepEqual(eventsOf(stdout).map(({ container, command }) => [container, command]), [
        ["prepare", "sleep 3600"],
      ]);
      await scopeOk(...there, "shell", "--inside", "--", "sh", "-c", `echo ${via} >/data/inside`);
      const seen = await kubectl(inside("exec", "init", "-c", "prepare", "--", "cat", "/data/inside"));
      assert.equal(seen, `${via}\n`);
      assert.equal(await scopeOk(...there, "fs", "cat", "/data/inside"), `${via}\n`);
    }
    const { code, stderr } = await scope(inside("-p", "crash", "--container", "prepare", "pids"));
    assert.equal(code, 69);
    assert.match(
      stderr,
      /^error: Init container "prepare" of pod ".*\/crash" does not run \(Completed\)\nhint: those that/,
    );
  });

  await t.step("a name that is taken, a container that is none, an option that makes no sense", async () => {
    const fails = async (args: string[], code: number, stderr: RegExp) => {
      const found = await scope(args);
      assert.deepEqual([found.code, found.stdout], [code, ""], found.stderr);
      assert.match(found.stderr, stderr);
    };
    const before = (await copies(own.name)).length;
    await fails(
      copy("--name", "init"),
      64,
      /^error: There is a pod named "init" in namespace ".*" already\nhint: give an/,
    );
    const none = inside("-p", "crash", "--container", "none", "copy");
    await fails(
      none,
      68,
      /^error: Cannot find container "none" in pod ".*\/crash"\nhint: it has helper, app, prepare\n$/,
    );
    await fails(["-t", ...copy()], 64, /^error: Option --terminate makes no sense for a copy\nhint: /);
    await fails(copy("--command", "a", "--", "b"), 64, /^error: The command is given twice\nhint: /);
    await fails(inside("-p", "none", "copy"), 68, /^error: Cannot find pod "none" in namespace/);
    await fails(copy("--name", "Not a name"), 64, /^error: Cannot copy pod ".*\/crash": .*Not a name/);
    await fails(
      copy("--", "no-such-program"),
      68,
      /^error: Cannot start "no-such-program" in container "app" of a copy/m,
    );
    assert.equal((await copies(own.name)).length, before, "and nothing is left");
  });

  await t.step("an image that does not come: the reason at once, and the copy is taken back", async () => {
    const { code, stderr } = await scope(copy("--name", "pull", "--image", "localhost:1/none:1", "--timeout", "4"));
    assert.equal(code, 75);
    assert.match(stderr, /^waiting for the copy ".*\/pull": ErrImagePull/m);
    assert.match(
      stderr,
      /^error: The copy ".*\/pull" did not start within 4 s\nhint: --image gives the container another/m,
    );
    const absent = await scope(copy("--name", "absent", "--image", "localhost/none:1"));
    assert.equal(absent.code, 69);
    assert.match(absent.stderr, /^error: Cannot pull the image "localhost\/none:1" \(ErrImagePull\)\nhint: --image /m);
    const names = (await copies(own.name)).map(({ metadata }) => metadata.name);
    assert.ok(!names.includes("pull") && !names.includes("absent"), String(names));
  });

  await t.step("Ctrl-C while it waits takes it back", async () => {
    await using waiting = startScope(copy("--name", "waits", "--image", "localhost:1/none:1"));
    await waiting.until("stderr", /ErrImagePull/);
    waiting.signal("SIGINT");
    assert.equal(await waiting.exit(10), 130);
    assert.ok((await copies(own.name)).every(({ metadata }) => metadata.name !== "waits"));
  });

  await t.step("a quota, Pod Security or a missing right forbids it: 77, with the reason", async () => {
    await using strict = await TestNamespace.make();
    await strict.pod("web", {
      spec: { containers: [{ name: "main", image: "localhost/busybox:1", command: ["sleep", "9999"] }] },
    });
    await kubectl(["-n", strict.name, "create", "quota", "one", "--hard=pods=1"]);
    const quota = await scope(["-n", strict.name, "-p", "web", "copy"]);
    assert.equal(quota.code, 77, quota.stderr);
    assert.match(quota.stderr, /^error: Cannot copy pod ".*\/web": a quota forbids it\nhint: .*exceeded quota: one/m);
    await kubectl(["-n", strict.name, "delete", "resourcequota", "one"]);
    await kubectl(["label", "namespace", strict.name, "pod-security.kubernetes.io/enforce=restricted"]);
    const security = await scope(["-n", strict.name, "-p", "web", "copy"]);
    assert.equal(security.code, 77, security.stderr);
    assert.match(
      security.stderr,
      /^error: Cannot copy pod ".*\/web": Pod Security forbids it in this namespace\nhint: .*violates/m,
    );
    await using reader = await Kubeconfig.ofAccount(strict, "reader", [
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
    ]);
    const right = await scope(["-n", strict.name, "-p", "web", "copy"], { env: { KUBECONFIG: reader.path } });
    assert.equal(right.code, 77, right.stderr);
    assert.match(
      right.stderr,
      /^error: Cannot copy pod ".*\/web": you are not allowed to\nhint: ask for "create pods" in namespace ".*": scope .* rbac copy prints the Role$/m,
    );
    assert.deepEqual(await copies(strict.name), []);
  });

  await t.step("other commands neither take it for a debug pod nor delete one that has ended", async () => {
    const before = (await copies(own.name)).map(({ metadata }) => metadata.uid).toSorted();
    const [ended] = eventsOf(
      await scopeOk(...inside("-p", "crash", "--container", "prepare", "copy", "-o", "json", "false")),
    );
    await own.untilPod(String(ended!["name"]), ({ status }) => status.phase === "Failed");
    await scopeOk(...inside("--via", "node", "-p", "crash", "launch"));
    await scopeOk(...inside("--via", "node", "-p", "crash", "shell", "true"));
    assert.equal((await copies(own.name)).length, before.length + 1);
  });

  await t.step("cleanup removes one by its name, all of an original, and with all everything", async () => {
    await Promise.all(["by-name", "second"].map((name) => scopeOk(...copy("--name", name, "sleep", "3600"))));
    assert.match(
      await scopeOk(...inside("cleanup", "-p", "by-name")),
      /\/by-name on node2: removed \(a copy of crash\)\n$/,
    );
    const left = await copies(own.name);
    assert.ok(left.length > 1 && left.every(({ metadata }) => metadata.name !== "by-name"));
    await own.pod("other");
    await scopeOk(...inside("-p", "other", "copy", "--name", "of-other", "sleep", "3600"));
    await scopeOk(...inside("cleanup", "-p", "crash"));
    assert.deepEqual((await copies(own.name)).map(({ metadata }) => metadata.name), ["of-other"]);
    await kubectl(["-n", own.name, "delete", "pod", "other", "--now"]);
    assert.match(await scopeOk(...inside("cleanup", "-p", "other")), /of-other .*removed \(a copy of other\)\n$/);
    await scopeOk(...copy("--name", "last", "sleep", "3600"));
    const { uid } = (await getPod(own.name, "last")).metadata;
    await scopeOk(...inside("cleanup", "-p", "all"));
    assert.deepEqual(await getPods(own.name, "app.kubernetes.io/managed-by=scope"), []);
    const processes = () => nodeProcesses().filter(({ cgroups }) => cgroups.includes(uid));
    await until("its processes to end", 10, () => processes().length === 0);
    assert.ok((await getPod(own.name, "crash")).metadata.uid === original.metadata.uid, "the original stays");
  });
});
