import assert from "node:assert/strict";
import type { ScopeError } from "../../../src/errors.ts";
import { readLog } from "../../../src/kube/logs.ts";
import { apiServer } from "./api_server.ts";

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
      const hooks = { idleMs: 10_000, final: true };
      for await (const _ of readLog(api.cluster, query, new AbortController().signal, hooks));
    };
    await assert.rejects(read, (error: ScopeError) => error.kind === kind && error.message.includes(words));
  }
});
