import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { ApiProxy, type Fault } from "./api_proxy.ts";
import { ephemeralContainers, managersOf, runningContainers } from "./ephemeral.ts";
import { debugPods, getPod, TestNamespace } from "./kube.ts";
import { scope, type ScopeOutcome } from "./scope.ts";

const exec = /^GET \S+\/exec\?/;
/** Transient refusals: by a busy API server, one that shuts down, and one that cannot reach the kubelet. */
const passing: [string, NonNullable<Fault["answer"]>][] = [
  ["429 with a time", { status: 429, headers: { "retry-after": "1" }, body: "too many requests" }],
  ["503 with a time", { status: 503, headers: { "retry-after": "1" }, body: "apiserver is shutting down" }],
  ["500", { status: 500, body: "error dialing backend: dial tcp 192.0.2.1:10250: i/o timeout" }],
];

Deno.test("requests that are refused for the moment, or by something before the API server", async (t) => {
  await using own = await TestNamespace.make();
  await Promise.all(["one", "other", "fresh"].map((name) => own.pod(name, { spec: { nodeName: "node1" } })));
  await using proxy = await ApiProxy.open();
  const run = (pod: string, ...args: string[]) => scope(["-n", own.name, "-p", pod, ...args], proxy.options);
  const succeeds = async (...args: Parameters<typeof run>) => {
    const { code, stderr } = await run(...args);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}${JSON.stringify(proxy.faults)}`);
    assert.deepEqual(proxy.faults.filter(({ times }) => times !== 0), [], "it was refused");
    return stderr;
  };
  const fails = ({ code, stderr, seconds }: ScopeOutcome, wanted: RegExp, within: number) => {
    assert.match(stderr, wanted);
    assert.equal(code, 69, stderr);
    assert.ok(seconds < within, `it took ${seconds} s: ${stderr}`);
  };
  const containers = async (pod: string) => (await ephemeralContainers(own.name, pod)).length;
  const only = async (pod: string) => {
    assert.equal(await containers(pod), 1, "ephemeral containers in the spec");
    assert.equal(managersOf(await getPod(own.name, pod)).length, 1, "managers");
  };

  await t.step("an ephemeral container that runs is not replaced", async (t) => {
    await succeeds("one", "--via", "ephemeral", "pids");
    for (const [name, answer] of passing) {
      await t.step(name, async () => {
        proxy.faults = [{ of: exec, times: 1, answer }];
        await succeeds("one", "--via", "ephemeral", "pids");
        await only("one");
      });
    }
    await t.step("also where it is refused on and on", async () => {
      proxy.faults = [{ of: exec, answer: passing[2]![1] }];
      const found = await run("one", "--via", "ephemeral", "pids");
      fails(found, /^error: Cannot connect to ".*\/one": the API server answered 500, error dialing backend/m, 15);
      await only("one");
    });
  });

  await t.step("an API server that fails is no reason for a privileged pod", async () => {
    proxy.faults = [{ of: /^PATCH .*\/ephemeralcontainers\?dryRun/, answer: { status: 500, body: "no leader" } }];
    fails(
      await run("other", "--via", "auto", "pids"),
      /^error: Cannot add an ephemeral container .* 500, no leader$/m,
      15,
    );
    assert.deepEqual(await debugPods(own.name), []);
  });

  await t.step("without websockets it ends at once, and says what takes them away", async (t) => {
    proxy.faults = [{ of: exec, stripUpgrade: true }];
    const wanted =
      /^error: Cannot connect to ".*": a proxy before the API server takes "Upgrade" out of requests\nhint: let/m;
    await t.step("by the node way, which leaves nothing", async () => {
      fails(await run("one", "--via", "node", "pids"), wanted, 10);
      assert.deepEqual(await debugPods(own.name), []);
    });
    await t.step("by the ephemeral way, which adds one container, and no other", async () => {
      for (const _ of [1, 2]) {
        fails(await run("other", "--via", "ephemeral", "pids"), wanted, 10);
        // Only a container that runs is used again.
        await until("the container to run", 10, async () => (await runningContainers(own.name, "other")).length === 1);
      }
      await only("other");
    });
  });

  await t.step("each request is made again", async () => {
    const later = { status: 429, headers: { "retry-after": "1" }, body: "too many requests" };
    const changed = { status: 503, body: "etcdserver: leader changed" };
    proxy.faults = [
      { of: /^GET \S+\/pods\?/, times: 1, answer: changed },
      { of: /^GET \S+\/pods\/one$/, times: 1, answer: changed },
      { of: /^GET \S+\/pods\?.*watch=true/, times: 1, answer: later },
      { of: /^POST \S+\/selfsubjectaccessreviews/, times: 1, answer: changed },
      { of: /^POST \S+\/pods$/, times: 1, answer: later },
    ];
    // The watch of the target begins beside the command: one that ends at once may be faster.
    const said = await succeeds("one", "-v", "--via", "node", "shell", "sleep", "2");
    assert.match(
      said,
      /^trying again in 0\.\d s: Cannot list pods .*: the API server answered 503, etcdserver: leader/m,
    );
    assert.match(said, /^trying again in 1\.0 s: Cannot create a debug pod .*: the API server answered 429, too many/m);
    assert.equal((await debugPods(own.name)).length, 1);
  });

  await t.step("a debug pod that runs is used, also by auto", async (t) => {
    proxy.faults = [];
    await succeeds("one", "--via", "node", "pids");
    const [before] = await debugPods(own.name);
    for (const [name, answer] of passing) {
      await t.step(name, async () => {
        for (const via of ["node", "auto"]) {
          proxy.faults = [{ of: exec, times: 1, answer }];
          await succeeds("fresh", "--via", via, "pids");
        }
        assert.deepEqual((await debugPods(own.name)).map(({ metadata }) => metadata.uid), [before!.metadata.uid]);
        assert.equal(await containers("fresh"), 0);
      });
    }
  });

  await t.step("a time that is longer than --timeout is not waited for", async () => {
    proxy.faults = [{ of: /^GET \S+\/pods/, answer: { status: 429, headers: { "retry-after": "300" }, body: "busy" } }];
    const found = await run("one", "--timeout", "20", "pids");
    fails(found, /^error: Cannot .*: the API server answered 429, busy\nhint: it asks to wait for 300 s: /m, 5);
  });

  await t.step("the login of a proxy is told as what it is", async (t) => {
    const body = "<!DOCTYPE html><html><head><title>Sign in to Acme</title></head><body>…</body></html>";
    const headers = { "content-type": "text/html" };
    const wanted =
      /^error: Cannot .*: what answers is no API server \(\d+, a web page, titled "Sign in to Acme"\)\nhint: log in/m;
    for (const status of [200, 401, 403]) {
      await t.step(`${status}`, async () => {
        proxy.faults = [{ of: /./, answer: { status, headers, body } }];
        fails(await run("one", "pids"), wanted, 5);
        fails(await run("one", "logs", "--no-follow"), wanted, 5);
      });
    }
    await t.step("a redirect to it", async () => {
      proxy.faults = [
        { of: /^GET \/login/, answer: { status: 200, headers, body } },
        { of: /./, answer: { status: 302, headers: { location: "/login?state=secret" } } },
      ];
      const found = await run("one", "pids");
      fails(found, wanted, 5);
      assert.match(found.stderr, /, which leads to http:\/\/\S+\/login$/m);
    });
    await t.step("at the last moment, in place of an exec", async () => {
      proxy.faults = [{
        of: exec,
        answer: { status: 302, headers: { location: "https://login.example/?state=secret" } },
      }];
      const found = await run("one", "pids");
      fails(
        found,
        /^error: Cannot connect to .*: what answers is no API server \(302\)\nhint: .*https:\/\/login\.example\/$/m,
        5,
      );
    });
  });
});
