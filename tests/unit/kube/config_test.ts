import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { ScopeError } from "../../../src/errors.ts";
import { contextNamespace, loadCluster } from "../../../src/kube/cluster.ts";
import { until } from "../../cluster/wait.ts";
import { type Answer, apiServer, limits, status } from "./api_server.ts";

// deno-lint-ignore no-explicit-any -- kubeconfigs as users write them
type Kubeconfig = Record<string, any>;

const cluster = (name: string, server: string) => ({ name, cluster: { server } });
const context = (name: string, cluster: string, user = "me") => ({ name, context: { cluster, user } });

type Options = Parameters<typeof loadCluster>[0];

/** Writes kubeconfigs into a directory, and runs a test with options whose $KUBECONFIG names them all. */
async function withFiles(
  files: readonly (Kubeconfig | string)[],
  test: (options: Options, paths: string[]) => void | Promise<void>,
) {
  const directory = Deno.makeTempDirSync({ prefix: "scope-config-" });
  const paths = files.map((file, index) => {
    if (file === "missing") return `${directory}/missing`;
    Deno.writeTextFileSync(`${directory}/${index}`, typeof file === "string" ? file : JSON.stringify(file));
    return `${directory}/${index}`;
  });
  try {
    await test({ ...limits, env: { KUBECONFIG: paths.join(":") } }, paths);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function failure(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    assert.ok(error instanceof ScopeError);
    return [error.kind, error.message, error.hint ?? ""];
  }
  assert.fail("it was loaded");
}

const first = {
  "current-context": "dev",
  clusters: [cluster("a", "https://a:6443"), cluster("kubernetes", "https://first:6443")],
  contexts: [context("dev", "a"), context("same", "kubernetes")],
};
const second = {
  "current-context": "prod",
  clusters: [cluster("b", "https://b:6443"), cluster("kubernetes", "https://second:6443")],
  contexts: [context("prod", "b"), context("same", "b")],
  users: [{ name: "me", user: { token: "t" } }],
};

Deno.test("loadCluster() merges the files of $KUBECONFIG as kubectl does: the first to say something is right", async () => {
  await withFiles(["missing", "", first, second], (limits) => {
    assert.equal(loadCluster(limits).server, "https://a:6443");
    assert.equal(loadCluster({ ...limits, context: "prod" }).server, "https://b:6443");
    assert.equal(loadCluster({ ...limits, context: "same" }).server, "https://first:6443");
  });
  const { "current-context": _none, ...without } = first;
  await withFiles([without, second], (limits) => assert.equal(loadCluster(limits).context, "prod"));
  await withFiles(
    ["missing", "missing"],
    (limits) => assert.equal(failure(() => loadCluster(limits))[0], "unreachable"),
  );
});

Deno.test("loadCluster() says what a kubeconfig lacks", async () => {
  const { "current-context": _none, ...without } = first;
  await withFiles([without], (limits) => {
    assert.deepEqual(failure(() => loadCluster(limits)), [
      "unreachable",
      "Cannot find a cluster: the kubeconfig has no current context",
      "give --context NAME or --kubeconfig FILE; it has dev, same",
    ]);
    assert.equal(contextNamespace(limits), undefined);
  });
  await withFiles([{ ...first, "current-context": "gone" }], (limits) => {
    assert.match(failure(() => loadCluster(limits))[1]!, /no context "gone", which it says is the current one$/);
  });
  await withFiles([{ ...first, clusters: [] }], (limits) => {
    assert.match(failure(() => loadCluster(limits))[1]!, /no cluster "a", which its context "dev" names$/);
  });
});

Deno.test("loadCluster() acts as nobody whom it knows in part only", async () => {
  for (const [key, value] of [["as-groups", ["admins"]], ["as-uid", "1"], ["as-user-extra", { a: ["b"] }]] as const) {
    await withFiles([{ ...first, users: [{ name: "me", user: { as: "jane", [key]: value } }] }], (limits) => {
      const [kind, message] = failure(() => loadCluster(limits));
      assert.deepEqual([kind, message], [
        "unreachable",
        `Cannot act as the kubeconfig's user "me" says: "${key}" is not supported`,
      ]);
    });
  }
});

/** Makes a kubeconfig for this server and user. */
function kubeconfigOf(server: string, user: unknown, more: unknown = {}): Kubeconfig {
  return {
    "current-context": "test",
    clusters: [{ name: "test", cluster: { server, "insecure-skip-tls-verify": true, ...more as object } }],
    users: [{ name: "me", user }],
    contexts: [context("test", "test")],
  };
}

/** Runs a test with an API server whose answers depend on the Authorization header. */
async function guarded(
  answer: (authorization: string | undefined) => Answer,
  test: (server: string) => Promise<void>,
  options = { tls: true },
): Promise<void> {
  await using api = await apiServer((_method, _path, _body, headers) => answer(headers.authorization), options);
  await test(api.cluster.server);
}

const who = (authorization: string | undefined): Answer => ({ status: 200, body: { authorization } });
const ask = (options: Options) =>
  loadCluster(options).request<{ authorization?: string }>("ask", { method: "GET", path: "/" });

Deno.test("loadCluster() takes a user of two files from the first one alone", async () => {
  const groups = { users: [{ name: "me", user: { as: "jane", "as-groups": ["admins"] } }] };
  await withFiles([second, groups], (limits) => assert.equal(loadCluster(limits).server, "https://b:6443"));
});

Deno.test("the token of a tokenFile is read anew for each request, from beside the kubeconfig", () =>
  guarded(who, async (server) => {
    await withFiles([kubeconfigOf(server, { tokenFile: "token", token: "older" })], async (limits, [path]) => {
      const file = path!.replace(/[^/]*$/, "token");
      Deno.writeTextFileSync(file, "one\n");
      const cluster = loadCluster(limits);
      const ask = () => cluster.request<{ authorization: string }>("ask", { method: "GET", path: "/" });
      assert.equal((await ask()).authorization, "Bearer one");
      Deno.writeTextFileSync(file, "two\n");
      assert.equal((await ask()).authorization, "Bearer two");
    });
  }));

/** Makes a credential plugin that runs a shell script in the directory of its kubeconfig. */
const plugin = (script: string, more: object = {}) => ({
  exec: {
    apiVersion: "client.authentication.k8s.io/v1",
    interactiveMode: "IfAvailable",
    ...{ command: "sh", args: ["-c", script], ...more },
  },
});
const credential = (token: string) => `{"status":{"token":"${token}"}}`;

Deno.test("a plugin's credential that is refused is asked for once more", async () => {
  let good = "1";
  await guarded((said) => said === `Bearer ${good}` ? who(said) : status(401, "Unauthorized", "no"), async (server) => {
    const counter = Deno.makeTempFileSync({ prefix: "scope-plugin-" });
    const script = `echo x >>${counter}; n=$(wc -l <${counter}); echo '${credential("'$n'")}'`;
    await withFiles([kubeconfigOf(server, plugin(script))], async (limits) => {
      const cluster = loadCluster(limits);
      const ask = () => cluster.request<{ authorization: string }>("ask", { method: "GET", path: "/" });
      await Promise.all([ask(), ask()]);
      assert.equal(Deno.readTextFileSync(counter), "x\n", "once for both");
      good = "2";
      const answers = await Promise.all([ask(), ask(), ask()]);
      assert.deepEqual(answers.map(({ authorization }) => authorization), Array(3).fill("Bearer 2"));
      assert.equal(Deno.readTextFileSync(counter), "x\nx\n");
      good = "never";
      await assert.rejects(ask(), /credentials are wrong or have expired/);
    });
    Deno.removeSync(counter);
  });
});

Deno.test("a plugin that fails is not asked again by each call that waits for it", () =>
  guarded(who, async (server) => {
    const counter = Deno.makeTempFileSync({ prefix: "scope-plugin-" });
    const script = `echo x >>${counter}; echo 'log in first' >&2; exit 3`;
    await withFiles([kubeconfigOf(server, plugin(script))], async (limits) => {
      const cluster = loadCluster(limits);
      const asked = [1, 2, 3].map(() => cluster.request("ask", { method: "GET", path: "/" }));
      for (const each of asked) await assert.rejects(each, { kind: "denied", hint: "log in first" });
      assert.equal(Deno.readTextFileSync(counter), "x\n");
    });
    Deno.removeSync(counter);
  }));

Deno.test("a plugin that is not installed is told with the kubeconfig's words on how to get it", () =>
  guarded(who, async (server) => {
    const missing = (more: object) => kubeconfigOf(server, plugin("", { command: "no-such-plugin", ...more }));
    const message = `Cannot get credentials: the kubeconfig's plugin "no-such-plugin" is not installed`;
    for (
      const [more, hint] of [
        [{ installHint: "get it from\nhttps://plugins.example/\n" }, "get it from\nhttps://plugins.example/"],
        [{}, "install it, or add its directory to $PATH"],
      ] as const
    ) {
      await withFiles([missing(more)], (limits) => assert.rejects(ask(limits), { kind: "denied", message, hint }));
    }
  }));

Deno.test("a plugin may write a byte order mark, or YAML", () =>
  guarded(who, async (server) => {
    for (const script of [`printf '\\357\\273\\277${credential("t")}'`, "echo 'status:'; echo '  token: t'"]) {
      await withFiles([kubeconfigOf(server, plugin(script))], async (limits) => {
        assert.equal((await ask(limits)).authorization, "Bearer t");
      });
    }
  }));

Deno.test("a plugin is told of the cluster, and may ask only where somebody is there", () =>
  guarded(who, async (server) => {
    const script = `echo '${credential("'$(printf %s \"$KUBERNETES_EXEC_INFO\" | base64 -w 0)'")}'`;
    await withFiles([kubeconfigOf(server, plugin(script, { provideClusterInfo: true }))], async (limits) => {
      const told = (await ask(limits)).authorization!.replace("Bearer ", "");
      assert.deepEqual(JSON.parse(atob(told)), {
        apiVersion: "client.authentication.k8s.io/v1",
        kind: "ExecCredential",
        spec: { cluster: { server, "insecure-skip-tls-verify": true }, interactive: false },
      });
    });
    await withFiles([kubeconfigOf(server, plugin(script, { interactiveMode: "Always" }))], async (limits) => {
      await assert.rejects(ask(limits), { kind: "denied", hint: /asks for a terminal/ });
    });
  }));

Deno.test("what a plugin says while it waits reaches people, and at the limit it is ended and named", () =>
  guarded(who, async (server) => {
    const directory = Deno.makeTempDirSync({ prefix: "scope-plugin-" });
    const script = `echo 'enter the code ABCD' >&2; echo $$ >${directory}/pid; exec sleep 1007`;
    await withFiles([kubeconfigOf(server, plugin(script))], async (limits) => {
      const said: string[] = [];
      await assert.rejects(ask({ ...limits, timeoutMs: 2500, notice: (text) => void said.push(text) }), {
        kind: "timeout",
        message: `Cannot ask: the kubeconfig's plugin "sh" did not answer within 2.5 s`,
      });
      assert.deepEqual(said, ["enter the code ABCD"]);
      const pid = Deno.readTextFileSync(`${directory}/pid`).trim();
      await until("the plugin to end", 10, () => {
        try {
          return Deno.readTextFileSync(`/proc/${pid}/stat`).includes(") Z ");
        } catch {
          return true;
        }
      });
    });
    Deno.removeSync(directory, { recursive: true });
  }));

Deno.test("the API server is reached through the proxy that the environment names", () =>
  guarded(who, async (server) => {
    const connected: string[] = [];
    const proxy = http.createServer((request, response) => {
      const { host, pathname } = new URL(request.url!);
      connected.push(host);
      http.get(`${server}${pathname}`, { headers: request.headers }, (answer) => answer.pipe(response));
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    try {
      const env = { HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
      await withFiles([kubeconfigOf("http://api.example:8001", { token: "t" })], async (limits) => {
        const { authorization } = await ask({ ...limits, env: { ...limits.env, ...env } });
        assert.equal(authorization, undefined, "no credentials without TLS");
        assert.deepEqual(connected, ["api.example:8001"]);
      });
    } finally {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    }
  }, { tls: false }));
