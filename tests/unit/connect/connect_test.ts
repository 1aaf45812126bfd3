import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { connectTo } from "../../../src/connect/connect.ts";
import type { GlobalOptions } from "../../../src/options.ts";
import type { ManagerEndpoint } from "../../../src/connect/manager_endpoint.ts";

/** Makes a silent exec that accepts all input, as when the bridge waits for the socket of a manager that has ended. */
const silent = () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });

Deno.test("a new manager that is silent because its container ended: the reason is given long before the limit", async () => {
  const context = { options: { timeoutMs: 60_000 } as GlobalOptions, signal: new AbortController().signal };
  const endpoint = {
    stream: silent(),
    place: 'ephemeral container "scope-1" of pod "shop/web"',
    found: false,
    created: true,
    whyEnded: () => Promise.resolve("it ended (Error, exit code 1): unknown flag"),
  } as Partial<ManagerEndpoint> as ManagerEndpoint;
  const start = performance.now();
  await assert.rejects(connectTo(context, endpoint), {
    message: 'The manager in ephemeral container "scope-1" of pod "shop/web" does not answer',
    hint: "it ended (Error, exit code 1): unknown flag",
  });
  assert.ok(performance.now() - start < 30_000);
});
