import assert from "node:assert/strict";
import { Kubeconfig, type Rule } from "./credentials.ts";
import { ephemeralContainers } from "./ephemeral.ts";
import { debugPods, demoPods, TestNamespace } from "./kube.ts";
import { eventsOf, scope, scopeOk, through } from "./scope.ts";

interface Way {
  readonly type: string;
  readonly command: string;
  readonly way: string;
  readonly possible: boolean;
  readonly chosen: boolean;
  readonly rights?: string;
  readonly missing?: string;
  readonly remedy?: string;
}

/** Runs doctor on a pod; returns its events: the target, and the ways of each command. */
async function doctor(args: readonly string[], env?: Readonly<Record<string, string>>) {
  const { code, stdout, stderr } = await scope([...args, "-o", "json", "doctor"], env === undefined ? {} : { env });
  assert.equal(code, 0, stderr);
  const [target, ...rest] = eventsOf(stdout);
  const ways = rest as unknown as Way[];
  assert.deepEqual(new Set(ways.map(({ type }) => type)), new Set(["doctor.way"]));
  const of = (command: string, way: string) => {
    const found = ways.find((one) => one.command === command && one.way === way);
    assert.ok(found !== undefined, `nothing about ${command} by ${way}: ${stdout}`);
    return found;
  };
  return { target: target!, ways, of, stderr };
}

/** Maps each command to the way that auto takes. */
const chosen = (ways: readonly Way[]) =>
  Object.fromEntries(ways.filter(({ chosen }) => chosen).map(({ command, way }) => [command, way]));

Deno.test("doctor", (t) =>
  through("auto", async () => {
    await using own = await TestNamespace.make();
    const nonRoot = { securityContext: { runAsUser: 1234, runAsGroup: 1234 } };
    const resources = { requests: { memory: "1Mi" }, limits: { memory: "100Mi" } };
    const small = [{ name: "main", image: "localhost/busybox:1", command: ["sleep", "infinity"], resources }];
    await Promise.all([
      own.pod("web"),
      own.pod("user", { spec: nonRoot }),
      own.pod("small", { spec: { containers: small } }),
    ]);
    const on = (pod: string) => ["-n", own.name, "-p", pod];

    await t.step("a pod that admits everything: the ephemeral Way, with what each command needs", async () => {
      const { target, ways, of } = await doctor(on("web"));
      const { time: _time, node, ...rest } = target;
      assert.match(String(node), /^node[12]$/);
      assert.deepEqual(rest, { type: "doctor.target", namespace: own.name, pod: "web", container: "main", uid: 0 });
      assert.equal(of("shell", "ephemeral").rights, "root with SYS_PTRACE");
      assert.equal(of("ping", "ephemeral").rights, "root with NET_RAW");
      assert.equal(of("ping", "node").rights, "root on the node");
      assert.deepEqual(new Set(Object.values(chosen(ways))), new Set(["ephemeral"]));
      for (const { possible, missing } of ways) assert.deepEqual([possible, missing], [true, undefined]);
    });

    await t.step("a target that is not root: its own user where that is enough", async () => {
      const { of, target } = await doctor(on("user"));
      assert.equal(target["uid"], 1234);
      assert.equal(of("pids", "ephemeral").rights, "user 1234 without capabilities");
      assert.equal(of("ping", "ephemeral").rights, "root with NET_RAW");
    });

    await t.step("leaves nothing behind", async () => {
      for (const pod of ["web", "user"]) assert.deepEqual(await ephemeralContainers(own.name, pod), []);
      assert.deepEqual(await debugPods(own.name), []);
    });

    await t.step("as text: a table, and no reasons where none are missing", async () => {
      const lines = (await scopeOk(...on("web"), "doctor")).trimEnd().split("\n");
      assert.match(lines[0]!, new RegExp(`^${own.name}/web:main on node[12]: root, no limit of memory$`));
      assert.match(lines[2]!, /^COMMAND +WAY +POSSIBLE +AUTO +WITH$/);
      assert.match(
        lines.find((line) => line.startsWith("shell"))!,
        /^shell +ephemeral +yes +chosen +root with SYS_PTRACE$/,
      );
      assert.equal(lines.filter((line) => /below/.test(line)).length, 0);
    });

    await t.step("a small pod: node, although the other is possible", async () => {
      const { target, ways, of } = await doctor(on("small"));
      assert.equal(target["memoryLimitBytes"], 100 * 1024 * 1024);
      assert.equal(of("shell", "ephemeral").possible, true);
      assert.deepEqual(new Set(Object.values(chosen(ways))), new Set(["node"]));
      assert.match(await scopeOk(...on("small"), "doctor"), /^.*: root, (.* of )?100M memory$/m);
    });

    await t.step("what runs already is chosen, and named", async () => {
      await scopeOk(...on("small"), "--via", "ephemeral", "shell", "true");
      const [running] = await ephemeralContainers(own.name, "small");
      const { of } = await doctor(on("small"));
      const { chosen, rights } = of("shell", "ephemeral");
      assert.deepEqual([chosen, rights], [true, `root with SYS_PTRACE, in "${running!.name}" that runs`]);
      await scopeOk(...on("small"), "launch");
      const later = await doctor(on("small"));
      assert.deepEqual([later.of("shell", "node").chosen, later.of("shell", "ephemeral").chosen], [true, false]);
      await scopeOk("-n", own.name, "cleanup", "-p", "all");
    });

    await t.step("a container that does not run: only the pod's network is within reach", async () => {
      const one = (name: string, command: string[]) => ({ name, image: "localhost/busybox:1", command });
      await own.pod("down", {
        spec: { restartPolicy: "Never", containers: [one("main", ["false"]), one("other", ["sleep", "infinity"])] },
        until: ({ status }) =>
          status.containerStatuses?.find(({ name }) => name === "main")?.state["terminated"] !== undefined,
      });
      const { ways, of } = await doctor(on("down"));
      const possible = ways.filter(({ possible }) => possible).map(({ command, way }) => `${command} ${way}`);
      assert.deepEqual(
        new Set(possible),
        new Set(["ping", "hping", "shell", "pids", "redir", "bypass"].map((name) => `${name} node`)),
      );
      assert.match(of("strace", "node").missing!, /^Container "main" of pod ".*\/down" does not run \(Error\)$/);
    });

    await t.step("a restricted namespace: what is missing, once each, and what helps", async () => {
      const [locked] = await demoPods("locked", "locked");
      const { ways, of } = await doctor(["-n", "locked", "-p", locked!.metadata.name]);
      assert.deepEqual(new Set(Object.values(chosen(ways))), new Set(["ephemeral"]));
      const { possible, missing, remedy } = of("shell", "node");
      assert.equal(possible, false);
      assert.equal(
        missing,
        'Cannot create a debug pod in namespace "locked": Pod Security forbids it in this namespace',
      );
      assert.match(remedy!, /^give --debug-namespace NAME of a namespace that admits privileged pods/);
      const text = await scopeOk("-n", "locked", "-p", locked!.metadata.name, "doctor");
      assert.equal(text.match(/^1\. Cannot create a debug pod/gm)!.length, 1);
      assert.match(text, /^shell +node +no +see 1 below$/m);
    });

    const read: Rule = { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] };
    const exec: Rule = { apiGroups: [""], resources: ["pods/exec"], verbs: ["create", "get"] };
    const patch: Rule = { apiGroups: [""], resources: ["pods/ephemeralcontainers"], verbs: ["patch"] };

    await t.step("a user who may do little: which right is missing", async () => {
      await using account = await Kubeconfig.ofAccount(own, "reader", [read, exec]);
      const { ways, of } = await doctor(on("web"), { KUBECONFIG: account.path });
      assert.deepEqual(chosen(ways), {});
      const { missing, remedy } = of("shell", "ephemeral");
      assert.match(missing!, /: you are not allowed to$/);
      assert.match(
        remedy!,
        /^ask for "patch pods\/ephemeralcontainers" in namespace ".*": scope -n .* rbac prints the Role$/,
      );
      assert.match(
        of("shell", "node").missing!,
        /^Cannot use a debug pod in namespace ".*": you are not allowed to$/,
      );
    });

    await t.step("a user who may not exec: that, and nothing else", async () => {
      await using account = await Kubeconfig.ofAccount(own, "no-exec", [read, patch]);
      const { of } = await doctor(on("user"), { KUBECONFIG: account.path });
      const { missing, remedy } = of("shell", "ephemeral");
      assert.equal(missing, `Cannot use an ephemeral container in pod "${own.name}/user": you are not allowed to`);
      assert.match(remedy!, /^ask for "get pods\/exec" and "create pods\/exec" in namespace /);
    });

    await t.step("without a pod: the user's rights in the namespace", async () => {
      const rights = async (env?: Readonly<Record<string, string>>) => {
        const { code, stdout, stderr } = await scope(["-n", own.name, "-o", "json", "doctor"], env ? { env } : {});
        assert.equal(code, 0, stderr);
        assert.match(stderr, /^give -p POD as well to see which command can go which way$/m);
        return Object.fromEntries(eventsOf(stdout).map(({ right, allowed }) => [right, allowed]));
      };
      const all = await rights();
      assert.deepEqual(new Set(Object.values(all)), new Set([true]));
      await using account = await Kubeconfig.ofAccount(own, "some", [read, exec]);
      const some = await rights({ KUBECONFIG: account.path });
      const named = (what: string) => some[`${what} in namespace "${own.name}"`];
      assert.deepEqual([named("get pods"), named("create pods/exec")], [true, true]);
      assert.deepEqual([named("patch pods/ephemeralcontainers"), named("create pods")], [false, false]);
      assert.match(
        await scopeOk("-n", own.name, "doctor"),
        /^RIGHT +ALLOWED +FOR\nget pods in namespace .* +yes +finding/,
      );
    });

    await t.step("what is not there, or not running, is an error as for any command", async () => {
      for (
        const [args, code, words] of [
          [["-n", "no-such"], 68, /^error: Cannot find namespace "no-such"$/m],
          [on("no-such"), 68, /^error: Cannot find pod "no-such" in namespace/m],
          [["-n", "demo", "-p", "finished"], 69, /^error: Pod "demo\/finished" has finished \(Succeeded\)$/m],
        ] as const
      ) {
        const found = await scope([...args, "doctor"]);
        assert.equal(found.code, code, found.stderr);
        assert.match(found.stderr, words);
      }
    });
  }));
