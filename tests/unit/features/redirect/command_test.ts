import assert from "node:assert/strict";
import { redir } from "../../../../src/features/redirect/command.ts";
import { run } from "../../../../src/features/redirect/run.ts";
import type { RawOptions } from "../../../../src/options.ts";
import type { RequestedRedirect } from "../../../../src/manager/client/redirect_plan.ts";
import { worldOf } from "../world.ts";
import { ended, opened, started } from "./redir_events.ts";

const plain: RequestedRedirect = {
  incoming: "all",
  outgoing: [],
  to: "localhost",
  ownContainer: false,
  mirror: false,
  raw: false,
  cut: false,
  takeover: false,
  probes: "pod",
};

// [options, arguments, differences from redirecting all ports]
const plans: [RawOptions, string[], Partial<RequestedRedirect>][] = [
  [{}, [], {}],
  [{}, ["8080", "81:8081"], { incoming: [{ port: 8080 }, { port: 81, localPort: 8081 }] }],
  [{}, ["http:8081"], { incoming: [{ port: "http", localPort: 8081 }] }],
  [{ outgoing: true }, ["5432"], { incoming: [], outgoing: [{ port: 5432, localPort: 5432 }] }],
  [{ target: "app" }, [], { ownContainer: true }],
  [{ mirror: true, raw: true, cut: true, takeover: true }, [], { mirror: true, raw: true, cut: true, takeover: true }],
  [{ probes: "local", to: "::1" }, [], { probes: "local", to: "::1" }],
];

for (const [options, args, differs] of plans) {
  Deno.test(`redir with ${JSON.stringify(options)} ${args.join(" ")} plans just that`, async () => {
    const { context, did, ports } = worldOf({ globals: { pod: "web" }, shown: 130 });
    assert.equal(await run(context, redir.plan(options, args, context.options), ports.redirect), 130);
    assert.deepEqual(did.redirected, [{
      container: options.target as string | undefined,
      requested: { ...plain, ...differs },
    }]);
    assert.deepEqual(did.shows, ["live"]);
  });
}

Deno.test("redir sums up at the end what it showed", async () => {
  const { context, did, ports } = worldOf({ globals: { pod: "web" }, debugPods: [started(), opened(1), ended(1)] });
  assert.equal(await run(context, redir.plan({}, [], context.options), ports.redirect), 0);
  const types = did.events.map(({ type }) => type);
  assert.deepEqual(types.slice(0, 3), ["redir.started", "redir.opened", "redir.connection"]);
  assert.ok(types.length > 3 && types.slice(3).every((type) => type === "redir.summary"), types.join(" "));
});

Deno.test("redir refuses what makes no sense before it asks a cluster", async () => {
  for (
    const [options, args] of [[{ probes: "me" }, []], [{ outgoing: true }, []], [{ outgoing: true }, ["http"]], [{}, [
      "80",
      "80",
    ]]] as const
  ) {
    const { context, did } = worldOf({ globals: { pod: "web" } });
    await assert.rejects(redir.run(context, options, args), { kind: "usage" });
    assert.deepEqual(did.redirected, []);
  }
});
