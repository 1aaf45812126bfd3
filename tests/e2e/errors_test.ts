import assert from "node:assert/strict";
import { nodePid } from "../cluster/node.ts";
import { openState } from "../cluster/state.ts";
import { readConfig } from "./api.ts";
import { CHECKOUT, outcome } from "./cluster_script.ts";
import { Kubeconfig } from "./credentials.ts";
import { debugPods, demoPods, kubectl, TestNamespace } from "./kube.ts";
import { describe, runProcesses } from "./node_processes.ts";
import { scope, scopeArgv, scopeEnv, scopeOk, type ScopeOptions, startScope } from "./scope.ts";

interface Failure {
  readonly args: readonly string[];
  readonly code: number;
  /** The whole line after `error: `. */
  readonly error: string | RegExp;
  /** The whole line after `hint: `; missing: no hint. */
  readonly hint?: string | RegExp;
  readonly env?: Readonly<Record<string, string>>;
  readonly maxSeconds?: number;
}

const matches = (text: string, wanted: string | RegExp, why: string) =>
  typeof wanted === "string" ? assert.equal(text, wanted, why) : assert.match(text, wanted, why);

/** Runs a command line that must fail with exactly this error and hint, no other output, and without leftovers. */
async function fails({ args, code, error, hint, env, maxSeconds = 10 }: Failure): Promise<void> {
  const options: ScopeOptions = env === undefined ? {} : { env };
  const found = await scope(args, options);
  const story = `scope ${args.join(" ")}: ${JSON.stringify(found)}`;
  assert.equal(found.code, code, story);
  assert.ok(found.seconds < maxSeconds, `${story} took ${found.seconds} s`);
  const lines = found.stderr.trimEnd().split("\n");
  const at = lines.findIndex((line) => line.startsWith("error: "));
  assert.ok(at >= 0, story);
  matches(lines[at]!.slice("error: ".length), error, story);
  if (hint === undefined) assert.equal(lines.length, at + 1, story);
  else {
    assert.equal(lines.length, at + 2, story);
    assert.ok(lines[at + 1]!.startsWith("hint: "), story);
    matches(lines[at + 1]!.slice("hint: ".length), hint, story);
  }
  assert.doesNotMatch(lines[at]!, /\.$/, "no final period");
}

const web = ["-n", "demo", "-p", "web"];

Deno.test("mistakes on the command line", async (t) => {
  const mistakes: Failure[] = [
    { args: [], code: 64, error: "No command specified", hint: "scope --help lists the commands" },
    { args: ["pings"], code: 64, error: 'Unknown command "pings"', hint: "did you mean ping?" },
    { args: ["xyzzy"], code: 64, error: 'Unknown command "xyzzy"', hint: "scope --help lists commands and options" },
    {
      ...{ args: [...web, "ping", "--cuont", "3", "-a"], code: 64 },
      ...{ error: 'Unknown option "--cuont"', hint: "did you mean --count?" },
    },
    { args: ["--namespcae", "demo", "list"], code: 64, error: /^Unknown option/, hint: "did you mean --namespace?" },
    { args: [...web, "ping", "-a", "-Z"], code: 64, error: 'Unknown option "-Z"', hint: /--help/ },
    { args: [...web, "ping", "-a", "-c"], code: 64, error: "Option --count needs a value", hint: /./ },
    {
      ...{ args: [...web, "ping", "-a", "-c", "-1"], code: 64, error: 'Option --count cannot be "-1"' },
      hint: "it is a whole number, 0 for no limit",
    },
    { args: [...web, "ping", "-a", "-c", "abc"], code: 64, error: 'Option --count cannot be "abc"', hint: /whole/ },
    { args: [...web, "ping", "-a", "-c", "1.5"], code: 64, error: 'Option --count cannot be "1.5"', hint: /whole/ },
    {
      ...{ args: [...web, "ping", "-a", "-i", "0"], code: 64, error: 'Option --interval cannot be "0"' },
      hint: /^it is a number of seconds/,
    },
    { args: [...web, "ping", "-a", "-i", "-1"], code: 64, error: 'Option --interval cannot be "-1"', hint: /seconds/ },
    { args: [...web, "ping", "-a", "-i", "x"], code: 64, error: 'Option --interval cannot be "x"', hint: /seconds/ },
    {
      ...{ args: [...web, "-o", "yaml", "pids"], code: 64 },
      ...{ error: 'Option --output cannot be "yaml"', hint: "it is one of text, json" },
    },
    { args: [...web, "--timeout", "soon", "pids"], code: 64, error: /^Option --timeout cannot be "soon"$/, hint: /./ },
    { args: [...web, "--pull-policy", "maybe", "pids"], code: 64, error: /^Option --pull-policy cannot be/, hint: /./ },
    { args: [...web, "--via", "tunnel", "pids"], code: 64, error: /^Option --via cannot be "tunnel"$/, hint: /./ },
    {
      ...{ args: [...web, "ping"], code: 64, error: "No destination specified" },
      hint: "give -a for all pods of the namespace, -d POD, -N NAMESPACE or a HOST",
    },
    { args: ["-n", "demo", "ping", "-a"], code: 64, error: "No pod specified", hint: /^give -p POD/ },
    { args: ["-n", "demo", "ping", "127.0.0.1"], code: 64, error: "No pod specified", hint: /^give -p POD/ },
    { args: ["-n", "demo", "pids"], code: 64, error: "No pod specified", hint: /^give -p POD/ },
    { args: ["-n", "demo", "shell", "true"], code: 64, error: "No pod specified", hint: /^give -p POD/ },
    {
      args: ["-n", "demo", "cleanup"],
      code: 64,
      error: "No debug pod or copy specified",
      hint: "give -p all, or -p POD",
    },
    {
      args: [...web, "-l", "app=web", "pids"],
      code: 64,
      error: "Options --pod and --selector exclude each other",
      hint: /./,
    },
    {
      ...{ args: ["-n", "demo", "-p", "secret/web", "pids"], code: 64, error: 'Option --pod cannot be "secret/web"' },
      hint: /^it is NAME or TYPE\/NAME, where TYPE is pod, deployment, .*, job, .* or service$/,
    },
  ];
  for (const mistake of mistakes) await t.step(`scope ${mistake.args.join(" ")}`, () => fails(mistake));

  await t.step("--help of everything is no mistake, and -V is the version", async () => {
    for (
      const args of [["--help"], ...["ping", "shell", "pids", "launch", "list", "cleanup"].map((c) => [c, "--help"])]
    ) {
      const { code, stdout, stderr } = await scope(args, { env: { KUBECONFIG: "/nonexistent" } });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /^Usage: scope /);
    }
    assert.match(await scopeOk("-V"), /^scope \d+\.\d+\.\d+\n$/);
  });

  await t.step("scripts/scope is the same from any directory", async () => {
    const script = 'cd / && exec "$@"';
    const { code, stdout, stderr } = await outcome("sh", ["-c", script, "sh", `${CHECKOUT}/scripts/scope`, "pings"]);
    assert.deepEqual({ code, stdout }, { code: 64, stdout: "" });
    assert.equal(stderr, 'error: Unknown command "pings"\nhint: did you mean ping?\n');
  });
});

Deno.test("things that are not there", async (t) => {
  const missing: Failure[] = [
    {
      ...{
        args: ["-n", "demo", "-p", "no-such", "pids"],
        code: 68,
        error: 'Cannot find pod "no-such" in namespace "demo"',
      },
      hint: "kubectl get pods -n demo lists what is there",
    },
    {
      args: ["-n", "no-such", "-p", "web", "pids"],
      code: 68,
      error: 'Cannot find namespace "no-such"',
      hint: /kubectl/,
    },
    { args: ["-n", "no-such", "list"], code: 68, error: 'Cannot find namespace "no-such"', hint: /kubectl/ },
    { args: ["-n", "no-such", "cleanup", "-p", "all"], code: 68, error: 'Cannot find namespace "no-such"', hint: /./ },
    { args: [...web, "ping", "-N", "no-such"], code: 68, error: 'Cannot find namespace "no-such"', hint: /kubectl/ },
    {
      args: [...web, "ping", "-N", "default"],
      code: 68,
      error: 'There are no pods in namespace "default"',
      hint: /-N/,
    },
    { args: [...web, "ping", "-d", "no-such"], code: 68, error: /^Cannot find pod "no-such"/, hint: /kubectl/ },
    {
      ...{ args: [...web, "--debug-namespace", "no-such", "pids"], code: 68 },
      ...{ error: 'Cannot find namespace "no-such"', hint: /kubectl/ },
    },
    {
      ...{ args: ["-n", "demo", "-p", "pair", "--container", "middle", "pids"], code: 68 },
      ...{ error: /^Cannot find container "middle" in pod "demo\/pair-.*"$/, hint: "it has front, back" },
    },
    {
      ...{ args: ["-n", "demo", "-p", "pair", "shell", "-t", "middle", "true"], code: 68 },
      ...{ error: /^Cannot find container "middle" in pod/, hint: "it has front, back" },
    },
    {
      ...{ args: ["-n", "demo", "-p", "deployment/no-such", "pids"], code: 68 },
      ...{ error: 'Cannot find deployment "no-such" in namespace "demo"', hint: /^kubectl get deployments -n demo/ },
    },
    { args: ["-n", "demo", "-l", "app=no-such", "pids"], code: 68, error: /labels "app=no-such"/, hint: /kubectl/ },
    {
      ...{ args: [...web, "--context", "no-such", "pids"], code: 68 },
      ...{ error: 'Cannot find the context "no-such" in the kubeconfig', hint: /^it has / },
    },
    {
      ...{ args: [...web, "--kubeconfig", "/no/such", "pids"], code: 68 },
      error: 'Cannot find the kubeconfig "/no/such"',
    },
    {
      ...{ args: [...web, "--env-file", "/no/such", "pids"], code: 68 },
      ...{ error: 'Cannot find the file "/no/such"', hint: "check the path after --env-file" },
    },
    {
      ...{ args: [...web, "ping", "-c1", "no-such.invalid"], code: 68 },
      ...{ error: 'Cannot resolve "no-such.invalid" in the target\'s network', hint: /^the resolver says: / },
    },
    {
      ...{ args: ["-n", "demo", "-p", "pending", "pids"], code: 69 },
      ...{ error: 'Pod "demo/pending" has no address yet (Pending)', hint: /nodes are available/ },
    },
    {
      ...{ args: ["-n", "demo", "-p", "finished", "shell", "true"], code: 69 },
      ...{ error: 'Pod "demo/finished" has finished (Succeeded)', hint: "choose a pod that runs" },
    },
    { args: [...web, "ping", "-d", "pending"], code: 69, error: /^Pod "demo\/pending" has no address yet/, hint: /./ },
    { args: [...web, "ping", "-d", "finished"], code: 69, error: /^Pod "demo\/finished" has finished/, hint: /./ },
  ];
  for (const one of missing) await t.step(`scope ${one.args.join(" ")}`, () => fails(one));

  await t.step("several workloads of one name", async () => {
    await using own = await TestNamespace.make();
    const labels = { e2e: "twin" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "main", image: "localhost/busybox:1" }] } };
    for (const kind of ["Deployment", "StatefulSet"]) {
      const spec = { replicas: 0, selector: { matchLabels: labels }, template };
      await kubectl(["create"], { apiVersion: "apps/v1", kind, metadata: { name: "twin", namespace: own.name }, spec });
    }
    await fails({
      ...{ args: ["-n", own.name, "-p", "twin", "pids"], code: 64 },
      error: `There are several workloads named "twin" in namespace "${own.name}"`,
      hint: "give one of -p deployment/twin, -p statefulset/twin",
    });
    await fails({
      ...{ args: ["-n", own.name, "-p", "deployment/twin", "pids"], code: 68 },
      ...{ error: `Cannot find a pod of deployment "twin" in namespace "${own.name}"`, hint: /kubectl/ },
    });
  });

  await t.step("some hosts that do not resolve do not keep others from being pinged", async () => {
    const { code, stdout } = await scope([...web, "ping", "-c1", "no-such.invalid", "127.0.0.1"]);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /^no-such\.invalid: failed: Cannot resolve "no-such\.invalid"/m);
    assert.match(stdout, /^127\.0\.0\.1: seq=0 rtt=/m);
  });
});

Deno.test("clusters that cannot be reached, and what they do not allow", async (t) => {
  await using own = await TestNamespace.make();
  await own.pod("target", { spec: { nodeName: "node1" } });
  const target = ["-n", own.name, "-p", "target"];

  await t.step("no kubeconfig", () =>
    fails({
      ...{ args: [...web, "pids"], env: { KUBECONFIG: "" }, code: 69 },
      ...{ error: "Cannot find a cluster: there is no kubeconfig", hint: "set KUBECONFIG, or give --kubeconfig FILE" },
    }));

  await t.step("a kubeconfig that is none", async () => {
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, "{ this: is, not: [yaml");
    await fails({
      args: [...web, "--kubeconfig", file, "pids"],
      code: 69,
      error: "Cannot read the kubeconfig",
      hint: /./,
    });
    await Deno.remove(file);
  });

  await t.step("a server that is not there", async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using wrong = await Kubeconfig.make({ server: `https://127.0.0.1:${listener.addr.port}` });
    listener.close();
    const env = { KUBECONFIG: wrong.path };
    for (const args of [[...web, "pids"], [...web, "ping", "-a"], ["list", "-A"]]) {
      await fails({ args, env, code: 69, error: /^Cannot .*: the API server does not answer$/, hint: /ECONNREFUSED/ });
    }
  });

  await t.step("a server that takes the call and never answers", async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using wrong = await Kubeconfig.make({ server: `https://127.0.0.1:${listener.addr.port}` });
    await fails({
      ...{ args: [...web, "--timeout", "2", "pids"], env: { KUBECONFIG: wrong.path }, code: 75, maxSeconds: 5 },
      ...{ error: /^Cannot .*: the API server https:\S+ did not answer within 2 s$/, hint: /--timeout/ },
    });
  });

  await t.step("wrong credentials", async () => {
    await using wrong = await Kubeconfig.make({ token: "wrong" });
    const env = { KUBECONFIG: wrong.path };
    for (const args of [[...web, "pids"], [...web, "ping", "-a"], ["list"], ["cleanup", "-p", "all"]]) {
      await fails({
        args,
        env,
        code: 77,
        error: /^Cannot .*: the credentials are wrong or have expired$/,
        hint: /log in/,
      });
    }
  });

  await t.step("an account that may do nothing", async () => {
    await using nobody = await Kubeconfig.ofAccount(own, "nobody", []);
    const env = { KUBECONFIG: nobody.path };
    for (const args of [[...target, "pids"], [...target, "ping", "-a"], ["-n", own.name, "list"]]) {
      await fails({
        args,
        env,
        code: 77,
        error: /^Cannot (get|list) .*: you are not allowed to$/,
        hint: /^ask for "(get|list) pods" in namespace ".*": scope -n .* rbac (pids|ping|list) prints the Role$/,
      });
    }
  });

  await t.step("an account that may only look at pods", async () => {
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }];
    await using viewer = await Kubeconfig.ofAccount(own, "viewer", rules);
    await fails({
      ...{ args: [...target, "pids"], env: { KUBECONFIG: viewer.path }, code: 77 },
      error: `Cannot use a debug pod in namespace "${own.name}": you are not allowed to`,
      hint:
        /^ask for "create pods" and "get pods\/exec" and "create pods\/exec" in .*: scope .* --via node rbac pids prints/,
    });
    assert.deepEqual(await debugPods(own.name), []);
  });

  await t.step("an account that may not exec leaves no debug pod", async () => {
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "create", "delete"] }];
    await using starter = await Kubeconfig.ofAccount(own, "starter", rules);
    await fails({
      ...{ args: [...target, "pids"], env: { KUBECONFIG: starter.path }, code: 77 },
      error: `Cannot use a debug pod in namespace "${own.name}": you are not allowed to`,
      hint: /^ask for "get pods\/exec" and "create pods\/exec" in namespace /,
    });
    assert.deepEqual(await debugPods(own.name), []);
  });

  await t.step("an account with the Role that the commands need may ping", async () => {
    const rules = [
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "create", "delete"] },
      { apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"] },
    ];
    await using user = await Kubeconfig.ofAccount(own, "user", rules);
    const { code, stderr } = await scope(["-t", ...target, "ping", "-a", "-c1"], { env: { KUBECONFIG: user.path } });
    assert.equal(code, 0, stderr);
  });

  await t.step("Pod Security: refused with the way out, which works", async () => {
    await fails({
      ...{ args: ["-n", "locked", "-p", "locked", "pids"], code: 77 },
      error: 'Cannot create a debug pod in namespace "locked": Pod Security forbids it in this namespace',
      hint: /^give --debug-namespace NAME .*violates PodSecurity/,
    });
    assert.deepEqual(await debugPods("locked"), []);
    const through = ["-n", "locked", "-p", "locked", "--debug-namespace", "demo"];
    assert.match(await scopeOk(...through, "pids"), /httpd -f -p 8080/);
    assert.match(await scopeOk(...through, "ping", "-a", "-c1"), /^locked\/locked-\S+ .* ok$/m);
    assert.equal((await scope([...through, "shell", "id", "-u"])).stdout, "0\n");
  });

  await t.step("a quota", async () => {
    await using full = await TestNamespace.make();
    await full.pod("only", { spec: { nodeName: "node1" } });
    await kubectl(["-n", full.name, "create", "quota", "full", "--hard=pods=1"]);
    await fails({
      ...{ args: ["-n", full.name, "-p", "only", "pids"], code: 77 },
      error: `Cannot create a debug pod in namespace "${full.name}": a quota forbids it`,
      hint: /^give --debug-namespace NAME .*exceeded quota/,
    });
  });

  await t.step("a namespace that is being deleted", async () => {
    await using going = await TestNamespace.make();
    await going.pod("held", { spec: { nodeName: "node1" } });
    const hold = (finalizers: string[]) =>
      kubectl([
        "-n",
        going.name,
        "patch",
        "pod",
        "held",
        "--type=merge",
        "-p",
        JSON.stringify({ metadata: { finalizers } }),
      ]);
    await hold(["scope.test/held"]);
    await kubectl(["delete", "namespace", going.name, "--wait=false"]);
    await fails({
      ...{ args: ["-n", going.name, "-p", "held", "copy"], code: 77 },
      error: `Cannot copy pod "${going.name}/held": namespace "${going.name}" is being deleted`,
      hint: /^pods "held-.*" is forbidden: unable to create new content/,
    });
    await hold([]);
  });

  await t.step("an image that the registry does not have: at once", async () => {
    const port = 5599;
    const node = nodePid(openState(), "node1")!;
    const registry = new Deno.Command("nsenter", {
      args: [
        "-t",
        `${node}`,
        "-n",
        "--",
        Deno.execPath(),
        "run",
        "-A",
        `${import.meta.dirname}/empty_registry.ts`,
        `${port}`,
      ],
      stdout: "piped",
    }).spawn();
    try {
      const output = registry.stdout.getReader();
      assert.match(new TextDecoder().decode((await output.read()).value), /ready/);
      await output.cancel();
      const image = `localhost:${port}/none:1`;
      await fails({
        ...{ args: [...target, "--image", image, "pids"], code: 69 },
        ...{ error: `Cannot pull the image "${image}" (ErrImagePull)`, hint: /^give --image/ },
      });
    } finally {
      registry.kill();
      await registry.status;
    }
    assert.deepEqual(await debugPods(own.name), []);
  });

  await t.step("an image of localhost that was never loaded: at once", () =>
    fails({
      ...{ args: [...target, "--image", "localhost/none:1", "pids"], code: 69 },
      ...{
        error: 'Cannot pull the image "localhost/none:1" (ErrImagePull)',
        hint: /^it is only on nodes where it was loaded/,
      },
    }));

  await t.step(
    "an image that is no image's name: at once",
    () => fails({ args: [...target, "--image", "No:No:No", "pids"], code: 64, error: /"No:No:No"/, hint: /./ }),
  );

  await t.step("a registry that does not answer: the reason within 5 s, and given up at --timeout", async () => {
    await using pids = startScope([...target, "--image", "localhost:1/none:1", "--timeout", "4", "pids"]);
    await pids.until("stderr", /^waiting for debug pod ".*": ErrImagePull: .*connection refused/m, 5);
    assert.equal(await pids.exit(10), 75);
    assert.match(pids.stderr, /^error: Debug pod ".*" did not start within 4 s\nhint: give --image .*$/m);
    assert.deepEqual(await debugPods(own.name), []);
  });

  await t.step("a node that is not ready", async () => {
    const name = `ghost-${crypto.randomUUID().slice(0, 8)}`;
    const taints = [{ key: "scope.test/ghost", effect: "NoSchedule" }];
    await kubectl(["create"], { apiVersion: "v1", kind: "Node", metadata: { name }, spec: { taints } });
    try {
      const lost = {
        type: "Ready",
        status: "Unknown",
        reason: "NodeStatusUnknown",
        message: "Kubelet stopped posting",
      };
      const status = (
        what: unknown,
      ) => ["--subresource=status", "--type=merge", "-p", JSON.stringify({ status: what })];
      await kubectl(["patch", "node", name, ...status({ conditions: [lost] })]);
      await own.pod("lost", { spec: { nodeName: name }, until: () => true });
      const running = { phase: "Running", podIP: "192.0.2.7", podIPs: [{ ip: "192.0.2.7" }] };
      await kubectl(["-n", own.name, "patch", "pod", "lost", ...status(running)]);
      await fails({
        ...{ args: ["-n", own.name, "-p", "lost", "pids"], code: 69 },
        ...{ error: `Node "${name}" is not ready (NodeStatusUnknown)`, hint: "Kubelet stopped posting" },
      });
      assert.deepEqual(await debugPods(own.name), []);
    } finally {
      await kubectl(["-n", own.name, "delete", "pod", "lost", "--force", "--grace-period=0", "--ignore-not-found"]);
      await kubectl(["delete", "node", name]);
    }
  });

  await t.step("nothing is left of all that", () => assert.deepEqual(describe(runProcesses()), []));
});

Deno.test("configuration", async (t) => {
  const [first] = (await demoPods("web")).map(({ metadata }) => metadata.name);

  await t.step(
    "flag over environment over --env-file over the user's own file; never a .env of the directory",
    async () => {
      const directory = await Deno.makeTempDir();
      try {
        await Deno.mkdir(`${directory}/.config/scope`, { recursive: true });
        await Deno.writeTextFile(`${directory}/.config/scope/env`, "SCOPE_NAMESPACE=demo\nSCOPE_POD=api\n");
        await Deno.writeTextFile(`${directory}/env`, "SCOPE_NAMESPACE=demo\nSCOPE_POD=db-0\n");
        await Deno.writeTextFile(`${directory}/.env`, "SCOPE_POD=dns\n");
        const hostname = async (env: Record<string, string>, ...args: string[]) => {
          const { code, stdout, stderr } = await scope([...args, "shell", "hostname"], {
            env: { HOME: directory, ...env },
          });
          assert.equal(code, 0, stderr);
          return stdout.trim();
        };
        assert.match(await hostname({}), /^api-/);
        assert.equal(await hostname({}, "--env-file", `${directory}/env`), "db-0");
        assert.match(await hostname({ SCOPE_POD: "pair" }, "--env-file", `${directory}/env`), /^pair-/);
        assert.equal(await hostname({ SCOPE_POD: "pair" }, "-p", first!), first);
        // The directory contains a .env that would name the pod.
        const args = [...scopeArgv.slice(1), "-n", "demo", "shell", "hostname"];
        const inside = await new Deno.Command(scopeArgv[0]!, { args, cwd: directory, clearEnv: true, env: scopeEnv() })
          .output();
        assert.equal(inside.code, 64, new TextDecoder().decode(inside.stderr));
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  );

  await t.step("a pipe that is closed early is no failure and no noise", async () => {
    for (const command of ["ping -a", "ping -a -o json", "ping -c0 -i 0.05 -a", "shell seq 1000000", "pids"]) {
      const pipeline = `{ { "$@" ${command}; echo "code=$?" >&3; } | head -n 1 >/dev/null; } 3>&1`;
      const { stdout, stderr } = await outcome("sh", ["-c", pipeline, "sh", ...scopeArgv, "-n", "demo", "-p", first!]);
      assert.deepEqual([command, stdout, stderr], [command, "code=0\n", ""]);
    }
    assert.deepEqual(describe(runProcesses()), []);
  });

  await t.step("without -p, SCOPE_POD is the target; -l wins over it", async () => {
    const env = { SCOPE_NAMESPACE: "demo", SCOPE_POD: first! };
    assert.equal((await scope(["shell", "hostname"], { env })).stdout, `${first}\n`);
    assert.equal((await scope(["-l", "app=db", "shell", "hostname"], { env })).stdout, "db-0\n");
  });

  await t.step("the kubeconfig's credential plugin is asked; one that fails is named", async () => {
    await using own = await TestNamespace.make();
    const rules = [
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "create", "delete"] },
      { apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"] },
    ];
    await own.pod("target", { spec: { nodeName: "node1" } });
    await using account = await Kubeconfig.ofAccount(own, "user", rules);
    const { token } = JSON.parse(await Deno.readTextFile(account.path)).users[0].user;
    const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token } };
    const asked = await Deno.makeTempFile();
    const exec = ["sh", "-c", 'echo asked >>"$0"; echo "$1"', asked, JSON.stringify(credential)];
    await using good = await Kubeconfig.make({ exec });
    const args = ["-t", "-n", own.name, "-p", "target", "shell", "hostname"];
    const { code, stdout, stderr } = await scope(args, { env: { KUBECONFIG: good.path } });
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "target\n" }, stderr);
    assert.equal(await Deno.readTextFile(asked), "asked\n"); // once, for all calls
    await Deno.remove(asked);
    for (
      const [exec, hint, how] of [
        [["false"], "it said nothing; run it by itself to see why", "failed"],
        [["sh", "-c", "echo your session has expired >&2; exit 1"], "your session has expired", "failed"],
        [["/no/such/plugin"], /^there is no such program/, "is not installed"],
      ] as const
    ) {
      await using bad = await Kubeconfig.make({ exec: [...exec] });
      const error = `Cannot get credentials: the kubeconfig's plugin "${exec[0]}" ${how}`;
      await fails({ args: [...web, "pids"], env: { KUBECONFIG: bad.path }, code: 77, error, hint });
    }
  });

  await t.step("$KUBECONFIG may name several files, and --context chooses among all of them", async () => {
    const config = readConfig();
    const [context] = config.contexts;
    const second = await Deno.makeTempFile();
    try {
      const other = { ...context, name: "other", context: { ...context.context, namespace: "demo" } };
      await Deno.writeTextFile(second, JSON.stringify({ apiVersion: "v1", kind: "Config", contexts: [other] }));
      const env = { KUBECONFIG: `${Deno.env.get("KUBECONFIG")}:${second}` };
      // The context's namespace is "default".
      assert.equal(
        (await scope(["--context", "other", "-p", first!, "shell", "hostname"], { env })).stdout,
        `${first}\n`,
      );
      await fails({ args: ["-p", first!, "pids"], env, code: 68, error: /in namespace "default"$/, hint: /kubectl/ });
    } finally {
      await Deno.remove(second);
    }
  });
});
