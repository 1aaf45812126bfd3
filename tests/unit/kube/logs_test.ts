import assert from "node:assert/strict";
import type { ScopeError } from "../../../src/errors.ts";
import { readLog } from "../../../src/kube/logs.ts";
import { apiServer, status } from "./api_server.ts";

const until = new AbortController().signal, hooks = { idleMs: 10_000, final: true };

for (const follow of [true, false]) {
  Deno.test(`readLog() says that the previous log is gone by the kubelet's message, ${follow ? "" : "not "}following`, async () => {
    const words = 'previous terminated container "app" in pod "web" not found';
    await using api = await apiServer(() => status(400, "BadRequest", words));
    const query = { namespace: "shop", pod: "web", container: "app", follow, previous: true };
    const read = async () => {
      for await (const _ of readLog(api.cluster, query, until, hooks));
    };
    const message = `Cannot read the logs of "web app": ${words}`;
    await assert.rejects(read, { kind: "notFound", message, hint: "the node has it no more" });
  });
}

Deno.test("readLog() tells a log that the node has removed from one that cannot be read now", async () => {
  for (
    const [words, kind] of [
      ["unable to retrieve container logs for containerd://0123abcd", "notFound"],
      ['failed to try resolving symlinks in path "/var/log/pods/0.log": no such file', "notFound"],
      ["rpc error: the runtime is down", "unreachable"],
    ] as const
  ) {
    await using api = await apiServer(() => ({ status: 200, body: words }));
    const query = { namespace: "shop", pod: "web", container: "app", follow: false };
    const read = async () => {
      for await (const _ of readLog(api.cluster, query, until, hooks));
    };
    await assert.rejects(read, (error: ScopeError) => error.kind === kind && error.message.includes(words));
  }
});
