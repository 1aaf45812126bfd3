import assert from "node:assert/strict";
import { commands } from "../../../../src/app.ts";
import { ScopeError } from "../../../../src/errors.ts";
import type { RawOptions } from "../../../../src/options.ts";
import { scope } from "../../scope.ts";
import { worldOf } from "../world.ts";

const rbac = commands.find(({ name }) => name === "rbac")!;

async function printed(
  names: readonly string[],
  options: RawOptions = {},
  globals: RawOptions = { namespace: "shop" },
) {
  const { context, did } = worldOf({ globals });
  assert.equal(await rbac.run(context, options, names), 0);
  return did;
}

Deno.test("rbac prints a Role of the commands that are named, each once, by aliases as well", async () => {
  const { events } = await printed(["redirect", "ping", "redir"]);
  assert.deepEqual(events.map((event) => event.type === "rbac.role" && [event.name, event.namespace, event.commands]), [
    ["scope-redir-ping", "shop", ["redir", "ping"]],
  ]);
});

Deno.test("rbac without a command prints what all that are listed need", async () => {
  const [role] = (await printed([])).events;
  assert.ok(role?.type === "rbac.role");
  assert.equal(role.name, "scope");
  assert.deepEqual(
    role.commands,
    commands.filter(({ name, hidden }) => !hidden && name !== "rbac").map(({ name }) => name),
  );
});

Deno.test("rbac gives the Role to whom it is told", async () => {
  const { events } = await printed(["list"], {
    user: ["eve"],
    group: ["ops"],
    serviceAccount: ["ci", "ops/ci", "ops:cd"],
  });
  assert.deepEqual(events.flatMap((event) => event.type === "rbac.binding" ? [event.subject] : []), [
    { kind: "User", name: "eve" },
    { kind: "Group", name: "ops" },
    { kind: "ServiceAccount", name: "ci", namespace: "shop" },
    { kind: "ServiceAccount", name: "ci", namespace: "ops" },
    { kind: "ServiceAccount", name: "cd", namespace: "ops" },
  ]);
});

Deno.test("rbac says when a command needs nothing", async () => {
  const { events, said } = await printed(["rbac"]);
  assert.deepEqual([events, said], [[], ["no rights in the cluster are needed for rbac"]]);
});

for (
  const [names, options, message, hint] of [
    [["pnig"], {}, 'Unknown command "pnig"', "did you mean ping?"],
    [["ping -a"], {}, 'Unknown command "ping -a"', /ping|--help/],
    [["ping"], { serviceAccount: ["ci"] }, 'Option --service-account cannot be "ci"', /-n NAMESPACE/],
    [["ping"], { serviceAccount: ["a/b/c"] }, 'Option --service-account cannot be "a/b/c"', /NAMESPACE\/NAME/],
  ] as const
) {
  Deno.test(`rbac refuses ${names} ${JSON.stringify(options)}`, async () => {
    await assert.rejects(printed(names, options, {}), (error) => {
      assert.ok(error instanceof ScopeError);
      assert.deepEqual([error.kind, error.message], ["usage", message]);
      assert.match(error.hint ?? "", typeof hint === "string" ? new RegExp(`^${hint.replace("?", "\\?")}$`) : hint);
      return true;
    });
  });
}

Deno.test("scope rbac works without a cluster and without a kubeconfig", async () => {
  const { code, stdout, stderr } = await scope(["rbac", "ping"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^kind: Role$/m);
  assert.doesNotMatch(stdout, /^ {2}namespace:/m);
});
