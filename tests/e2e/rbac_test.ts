import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { request } from "./api.ts";
import { Kubeconfig, makeServiceAccount, type Rule } from "./credentials.ts";
import { makeIstioRules } from "./istio_rules.ts";
import { getPods, kubectl, TestNamespace } from "./kube.ts";
import { PodNetwork } from "./pod_network.ts";
import { appPod } from "./redirected.ts";
import { eventsOf, scope, scopeOk, startScope, through } from "./scope.ts";

const rbacApi = "/apis/rbac.authorization.k8s.io/v1";

/** A service account with only the Roles that `scope rbac` printed, applied unchanged. */
class Account implements AsyncDisposable {
  private constructor(
    readonly name: string,
    readonly own: TestNamespace,
    readonly kubeconfig: Kubeconfig,
    readonly roles: readonly Granted[],
  ) {}

  /** `args` are scope's arguments, including `rbac`. */
  static async make(own: TestNamespace, args: readonly string[]): Promise<Account> {
    const name = `a-${crypto.randomUUID().slice(0, 8)}`;
    const token = await makeServiceAccount(own, name);
    const more = ["--name", `scope-${name}`, "--service-account", `${own.name}/${name}`];
    const roles = await apply(await scopeOk("-n", own.name, ...args, ...more));
    const account = new Account(name, own, await Kubeconfig.make({ token }), roles);
    for (const role of roles) await account.until(role, role.rules.at(-1)!, role.rules.at(-1)!.verbs.at(-1)!, true);
    return account;
  }

  /** Runs a command line of scope as this account. */
  run(args: readonly string[]) {
    return scope(["-n", this.own.name, ...args], { env: { KUBECONFIG: this.kubeconfig.path } });
  }

  start(args: readonly string[]) {
    return startScope(["-n", this.own.name, ...args], { env: { KUBECONFIG: this.kubeconfig.path } });
  }

  /** Runs `body` while the account lacks one verb of one resource. */
  async without(
    verb: string,
    resource: string,
    namespace: string | undefined,
    body: () => Promise<void>,
  ): Promise<void> {
    const role = this.roles.find((one) => one.namespace === namespace)!;
    const lacking = role?.rules.find(({ resources, verbs }) => resources.includes(resource) && verbs.includes(verb));
    assert.ok(lacking !== undefined, `no rule with ${verb} ${resource} in ${JSON.stringify(this.roles)}`);
    const rules = role.rules.map((rule) =>
      rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule
    ).filter(({ verbs }) => verbs.length > 0);
    await this.#replace(role, rules);
    await this.until(role, lacking, verb, false);
    await body();
  }

  async #replace({ kind, name, namespace }: Granted, rules: readonly Rule[]): Promise<void> {
    const path = namespace === undefined ? `${rbacApi}/clusterroles` : `${rbacApi}/namespaces/${namespace}/roles`;
    await request("PUT", `${path}/${name}`, {
      kind,
      apiVersion: "rbac.authorization.k8s.io/v1",
      metadata: { name },
      rules,
    });
  }

  /** Waits until the API server applies the change: it reloads Roles from time to time. */
  async until({ namespace }: Granted, rule: Rule, verb: string, allowed: boolean): Promise<void> {
    const { resources: [resource = ""], apiGroups: [group], resourceNames: [name] = [] } = rule;
    const [plain, subresource] = resource.split("/");
    const resourceAttributes = { verb, group, resource: plain, subresource, name, namespace };
    const user = `system:serviceaccount:${this.own.name}:${this.name}`;
    await until(`${verb} ${resource} to be ${allowed} for ${user}`, 20, async () => {
      const review = await request<{ status: { allowed: boolean } }>(
        "POST",
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        { spec: { user, resourceAttributes } },
      );
      return review.status.allowed === allowed;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { name } of this.roles.filter(({ kind }) => kind === "ClusterRole")) {
      await request("DELETE", `${rbacApi}/clusterroles/${name}`);
      const binding = `${name}-serviceaccount-${this.own.name}.${this.name}`;
      await request("DELETE", `${rbacApi}/clusterrolebindings/${binding}`);
    }
    await this.kubeconfig[Symbol.asyncDispose]();
  }
}

interface Granted {
  readonly kind: "Role" | "ClusterRole";
  readonly name: string;
  readonly namespace?: string;
  readonly rules: readonly Rule[];
}

/** Applies the printed YAML unchanged; returns its Roles. */
async function apply(yaml: string): Promise<Granted[]> {
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(file, yaml);
    const applied = JSON.parse(await kubectl(["apply", "-f", file, "-o", "json"])) as { items: Applied[] };
    return applied.items.flatMap(({ kind, metadata, rules }) =>
      rules === undefined ? [] : [{ kind, ...metadata, rules }]
    );
  } finally {
    await Deno.remove(file);
  }
}

interface Applied {
  readonly kind: Granted["kind"];
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
}

/** Removes the debug pods of a namespace, as an administrator. */
async function removeDebugPods(namespace: string): Promise<void> {
  await scopeOk("-n", namespace, "cleanup", "-p", "all");
}

/** Declares a test in which --via auto is the default, as for users. */
function byAuto(name: string, body: (t: Deno.TestContext) => Promise<void>): void {
  Deno.test(name, (t) => through("auto", () => body(t)));
}

/** Command lines, after the options that choose the pod, that end by themselves with 0. */
const commands: readonly [name: string, args: readonly string[]][] = [
  ["ping", ["ping", "-a", "-c", "1"]],
  ["hping", ["hping", "-a", "--", "--icmp", "-c", "1"]],
  ["shell", ["shell", "true"]],
  ["shell", ["shell", "--inside", "true"]],
  ["pids", ["pids"]],
  ["strace", ["strace", "--duration", "1"]],
  ["gdb", ["gdb", "--backtrace"]],
  ["cp", ["cp", ":/etc/passwd", "-"]],
  ["fs", ["fs", "cat", "/etc/passwd"]],
  ["doctor", ["doctor"]],
];

/** Command lines that run until Ctrl-C, with the output that shows that they have started. */
const lasting: readonly [name: string, args: readonly string[], begun: RegExp][] = [
  ["redir", ["redir", "8080"], /8080/],
  ["manage", ["manage", "--foreground"], /unix:/],
  ["bypass", ["bypass", "istio"], /\n/],
];

for (const via of ["node", "ephemeral", "auto"] as const) {
  // For auto, commands that need only the way are enough to see that it is found.
  const some = via === "auto" ? commands.filter(([name]) => name === "ping" || name === "pids") : commands;
  byAuto(`Each command works with just the Role that scope rbac prints, --via ${via}`, async (t) => {
    await using own = await TestNamespace.make();
    const [web] = await Promise.all(
      ["web", ...some.map((_one, at) => `web-${at}`)].map((name) => own.pod(name, appPod())),
    );
    for (const [at, [name, args]] of some.entries()) {
      await t.step(args.join(" "), async () => {
        const target = ["-p", `web-${at}`, "--via", via];
        await using account = await Account.make(own, [...target, "rbac", name]);
        const { code, stderr, stdout } = await account.run([...target, ...args]);
        assert.equal(code, 0, `${stderr}${stdout}`);
      });
    }
    using network = new PodNetwork(web!);
    await makeIstioRules(network, "legacy");
    for (const [name, args, begun] of via === "auto" ? [] : lasting) {
      await t.step(args.join(" "), async () => {
        const target = ["-p", "web", "--via", via];
        await using account = await Account.make(own, [...target, "rbac", name]);
        await using process = account.start([...target, ...args]);
        await process.until("stdout", begun, 60);
        process.signal("SIGINT");
        assert.equal(await process.exit(20), 130, process.stderr);
      });
    }
    if (via !== "node") return; // ephemeral containers are removed with their pods
    await removeDebugPods(own.name);
    assert.deepEqual((await getPods(own.name, "app.kubernetes.io/managed-by=scope")).length, 0);
  });
}

byAuto("Each command that makes or removes something works with just its Role", async (t) => {
  await using own = await TestNamespace.make();
  await Promise.all(["web", "other"].map((name) => own.pod(name, appPod())));
  const works = async (rbac: readonly string[], ...args: string[]) => {
    await using account = await Account.make(own, rbac);
    const { code, stderr, stdout } = await account.run(args);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}${stdout}`);
    return `${stdout}${stderr}`;
  };
  await t.step("launch", async () => void await works(["rbac", "launch"], "-p", "web", "launch"));
  await t.step("node, and -t", async () => {
    await removeDebugPods(own.name);
    await works(["-t", "rbac", "node"], "-t", "node", "node1", "true");
    assert.deepEqual(await getPods(own.name, "app.kubernetes.io/managed-by=scope"), []);
  });
  await t.step("copy, by labels", async () => {
    await works(["-l", "e2e=web", "rbac", "copy"], "-l", "e2e=web", "copy", "--", "sleep", "100");
  });
  await t.step("logs", async () => {
    await works(["-p", "web", "rbac", "logs"], "-p", "web", "logs", "--no-follow");
    await using one = await Account.make(own, ["-p", "web", "rbac", "logs"]);
    await using named = one.start(["-p", "web", "-o", "json", "logs"]);
    await named.until("stdout", /"log.started"/, 60);
    named.signal("SIGINT");
    assert.equal(await named.exit(20), 130, named.stderr);
    assert.equal((await one.run(["-p", "other", "logs"])).code, 77);
    await using account = await Account.make(own, ["-l", "e2e=web", "rbac", "logs"]);
    await using process = account.start(["-l", "e2e=web", "logs"]);
    await process.until("stderr", /^following /m, 60);
    process.signal("SIGINT");
    assert.equal(await process.exit(20), 130, process.stderr);
  });
  await t.step("of a cron job", async () => {
    const cron = ["create", "cronjob", "nightly", "--image=localhost/busybox:1", "--schedule=0 0 1 1 *"];
    await kubectl(["-n", own.name, ...cron, "--", "echo", "hello"]);
    await kubectl(["-n", own.name, "create", "job", "now", "--from=cronjob/nightly"]);
    await kubectl(["-n", own.name, "wait", "--for=condition=complete", "job/now", "--timeout=60s"]);
    const logs = ["-p", "cj/nightly", "logs", "--no-follow"];
    assert.match(await works(["-p", "cj/nightly", "rbac", "logs"], ...logs), /hello/);
  });
  await t.step("redir, by labels, with the debug pod elsewhere", async () => {
    await using debug = await TestNamespace.make();
    const args = ["-l", "e2e=web", "--via", "node", "--debug-namespace", debug.name];
    await using account = await Account.make(own, [...args, "rbac", "redir"]);
    await using process = account.start([...args, "redir", "8080"]);
    await process.until("stdout", /8080/, 60);
    process.signal("SIGINT");
    assert.equal(await process.exit(20), 130, process.stderr);
  });
  await t.step("list, and cleanup of all that there is", async () => {
    await scopeOk("-n", own.name, "cleanup", "-p", "all");
    await scopeOk("-n", own.name, "-p", "web", "copy", "--", "sleep", "100");
    await scopeOk("-n", own.name, "-p", "web", "--via", "node", "shell", "true");
    await scopeOk("-n", own.name, "-p", "other", "--via", "ephemeral", "shell", "true");
    assert.equal((await works(["rbac", "list"], "-o", "json", "list")).trim().split("\n").length, 3);
    const removed = await works(["rbac", "cleanup"], "cleanup", "-p", "all");
    assert.equal(removed.match(/: (removed|ended)/g)?.length, 3, removed);
  });
  await t.step("list -A and cleanup -A, with a ClusterRole", async () => {
    const mine = ["-l", "e2e=web"];
    await scopeOk("-n", own.name, ...mine, "copy", "--name", "mine", "--", "sleep", "100");
    assert.match(await works(["rbac", "-A", "list"], "list", "-A"), /mine/);
    assert.match(await works(["rbac", "-A", "cleanup"], "cleanup", "-A", "-p", "mine"), /mine on node[12]: removed/);
  });
  await t.step("a Role for one pod only is of no use for another", async () => {
    const args = ["--via", "ephemeral", "shell", "true"];
    await using account = await Account.make(own, ["-p", "web", "rbac", "shell"]);
    assert.equal((await account.run(["-p", "web", ...args])).code, 0);
    const { code, stderr } = await account.run(["-p", "other", ...args]);
    assert.equal(code, 77);
    assert.match(stderr, new RegExp(`^hint: ask for "get pods" in namespace "${own.name}": scope -n`, "m"));
  });
});

/** A command line, with the rights of its Role without which it is refused. */
interface Family {
  readonly name: string;
  /** Arguments of `scope rbac`, after -n. */
  readonly rbac: readonly string[];
  readonly args: readonly string[];
  /** Rights as `verb resource`, in the namespace of the target or in `elsewhere`. */
  readonly rights: readonly string[];
  readonly elsewhere?: string;
  /** Exit code when a missing right is not an error, as only one part of several fails. */
  readonly code?: number;
}

byAuto("One verb less is refused with the hint that names it", async (t) => {
  await using own = await TestNamespace.make();
  await using debug = await TestNamespace.make();
  await Promise.all([own.pod("web", appPod()), debug.pod("db", appPod())]);
  const workload = (kind: string, more = {}) => {
    const labels = { e2e: "web" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "main", image: "localhost/busybox:1" }] } };
    const spec = { selector: { matchLabels: labels }, template, replicas: 0, ...more };
    return kubectl(["create"], { apiVersion: "apps/v1", kind, metadata: { name: "web", namespace: own.name }, spec });
  };
  await Promise.all([workload("Deployment"), workload("StatefulSet", { serviceName: "web" })]);
  await kubectl(["create"], {
    ...{ apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: own.name } },
    spec: { selector: { e2e: "web" }, ports: [{ port: 80 }] },
  });
  const exec = ["get pods/exec", "create pods/exec"], follow = ["list pods", "watch pods"];
  const web = ["-p", "web"], labels = ["-l", "e2e=web"], apart = ["--debug-namespace", debug.name];
  const families: readonly Family[] = [
    {
      name: "the ephemeral Way, for any pod",
      rbac: ["--via", "ephemeral", "rbac", "shell"],
      args: ["--via", "ephemeral", ...web, "shell", "true"],
      rights: ["get pods", ...follow, "patch pods/ephemeralcontainers", ...exec],
    },
    {
      name: "the ephemeral Way, for one pod, by auto",
      rbac: [...web, "rbac", "ping"],
      args: [...web, "ping", "-c1", "127.0.0.1"],
      rights: ["watch pods", "patch pods/ephemeralcontainers", ...exec],
    },
    {
      name: "the node Way",
      rbac: ["--via", "node", ...apart, "rbac", "pids"],
      args: ["--via", "node", ...apart, ...web, "pids"],
      elsewhere: debug.name,
      rights: [...follow, "create pods", ...exec],
    },
    {
      name: "node",
      rbac: ["rbac", "node"],
      args: ["node", "node1", "true"],
      rights: [...follow, "create pods", ...exec],
    },
    { name: "a target by its name", rbac: ["rbac", "launch"], args: [...web, "launch"], rights: ["get pods"] },
    {
      name: "redir of a selector",
      rbac: [...labels, "--via", "node", ...apart, "rbac", "redir"],
      args: [...labels, "--via", "node", ...apart, "redir", "8080"],
      rights: follow,
    },
    {
      name: "pods to ping in another namespace",
      rbac: ["--via", "ephemeral", "rbac", "ping", "-N", debug.name],
      args: ["--via", "ephemeral", ...web, "ping", "-N", debug.name, "-c1"],
      elsewhere: debug.name,
      rights: ["list pods"],
    },
    {
      name: "a pod to ping in another namespace",
      rbac: ["--via", "ephemeral", "rbac", "ping", "-N", debug.name],
      args: ["--via", "ephemeral", ...web, "ping", "-N", debug.name, "-d", "db", "-c1"],
      elsewhere: debug.name,
      rights: ["get pods"],
    },
    {
      name: "copy",
      rbac: ["rbac", "copy"],
      args: [...web, "copy", "--", "sleep", "100"],
      rights: ["get pods", ...follow, "create pods"],
    },
    { name: "list", rbac: ["rbac", "list"], args: ["list"], rights: ["list pods"] },
    ...["deployments.apps", "statefulsets.apps", "services"].map((resource): Family => {
      const target = ["-p", `${resource.replace(/s\..*|s$/, "")}/web`];
      return {
        name: target[1]!,
        rbac: [...target, "rbac", "doctor"],
        args: [...target, "doctor"],
        rights: [`get ${resource}`, "list pods"],
      };
    }),
  ];
  for (const { name, rbac, args, rights, elsewhere = own.name } of families) {
    await t.step(name, async () => {
      await using account = await Account.make(own, rbac);
      for (const right of rights) {
        const [verb = "", what = ""] = right.split(" ");
        await account.without(verb, what.split(".")[0]!, elsewhere, async () => {
          const { code, stderr, stdout } = await account.run(args);
          const story = `${args.join(" ")} without ${right}: ${code}\n${stderr}${stdout}`;
          assert.equal(code, 77, story);
          const hint = /^hint: ask for ("[^:]*"): (scope .*) prints the Role(; .*)?$/m.exec(stderr);
          assert.ok(hint !== null, story);
          assert.equal(hint[1], `"${right}" in namespace "${elsewhere}"`, story);
          // The command in the hint prints a Role that helps.
          const printed = eventsOf(
            await scopeOk("-o", "json", ...hint[2]!.split(" ").slice(1)),
          ) as unknown as Granted[];
          const grants = printed.filter(({ namespace }) => namespace === elsewhere).flatMap(({ rules }) => rules);
          assert.ok(
            grants.some(({ resources, verbs }) => resources.includes(what.split(".")[0]!) && verbs.includes(verb)),
            `${story}\n${JSON.stringify(printed)}`,
          );
        });
      }
      // redir starts its debug pod while the watch is still refused.
      if (args.includes("redir")) await removeDebugPods(debug.name);
      assert.deepEqual(await getPods(debug.name, "app.kubernetes.io/managed-by=scope"), []);
    });
  }

  await t.step("a debug pod that runs: the API server refuses the websocket, and the right is found out", async () => {
    await scopeOk("-n", own.name, ...web, "launch");
    const args = ["--via", "node", ...web, "pids"];
    await using account = await Account.make(own, ["--via", "node", "rbac", "pids"]);
    for (const verb of ["get", "create"]) {
      await account.without(verb, "pods/exec", own.name, async () => {
        const { code, stderr } = await account.run(args);
        assert.equal(code, 77, stderr);
        assert.match(stderr, /^error: Cannot connect to ".*": you are not allowed to$/m);
        const role = `scope -n ${own.name} --via node rbac pids prints the Role`;
        assert.match(
          stderr,
          new RegExp(`^hint: ask for "${verb} pods/exec" in namespace "${own.name}": ${role}$`, "m"),
        );
      });
    }
    await removeDebugPods(own.name);
  });

  await t.step("a ClusterRole", async () => {
    await using account = await Account.make(own, ["rbac", "-A", "list"]);
    await account.without("list", "pods", undefined, async () => {
      const { code, stderr } = await account.run(["list", "-A"]);
      assert.equal(code, 77, stderr);
      assert.match(
        stderr,
        /^hint: ask for "list pods" in the whole cluster: scope .* rbac -A list prints the ClusterRole$/m,
      );
    });
  });

  await t.step("cleanup: what fails is one of several, and told with the same hint", async () => {
    await using account = await Account.make(own, ["rbac", "cleanup"]);
    const { name } = eventsOf(await scopeOk("-n", own.name, "-o", "json", ...web, "launch"))[0]!;
    for (const verb of ["delete", "watch"]) {
      await account.without(verb, "pods", own.name, async () => {
        const { code, stdout } = await account.run(["cleanup", "-p", "all"]);
        assert.equal(code, 1, stdout);
        const hint = `ask for "${verb} pods" in namespace "${own.name}": scope `;
        assert.match(stdout, new RegExp(`${name}: failed: .*\\(${hint}`));
      });
    }
  });

  await t.step("nothing was made meanwhile", async () => {
    const made = await getPods(own.name, "app.kubernetes.io/managed-by=scope");
    assert.deepEqual(made.filter(({ metadata }) => metadata.deletionTimestamp === undefined), []);
    const [pod] = await getPods(own.name, "e2e=web");
    assert.equal(pod!.spec["ephemeralContainers"], undefined);
  });
});
