import assert from "node:assert/strict";
import { asking } from "../../../src/app.ts";
import type { RoleQuery } from "../../../src/rights/role.ts";
import { bindingsOf, rightsTable, rolesOf } from "../../../src/rights/role.ts";
import { adviceFor } from "../../../src/rights/role_advice.ts";

const plain: RoleQuery = {
  ...{ via: "auto", terminate: false, everywhere: false, optional: false, namespace: "shop", name: "scope" },
};
const one = (name: string) => asking.filter((command) => command.name === name);
/** Returns the namespace of each Role, and its rules as `verbs resources names`. */
const rules = (names: readonly string[], query: Partial<RoleQuery> = {}) =>
  rolesOf(names.flatMap(one), { ...plain, ...query }).map(({ kind, namespace, rules }) => [
    namespace ?? kind,
    ...rules.map(({ verbs, apiGroups, resources, resourceNames = [] }) =>
      [verbs, resources, apiGroups.filter((group) => group !== ""), resourceNames].filter((part) => part.length > 0)
        .join(" ")
    ),
  ]);
const ephemeral = ["get,list,watch pods", "patch pods/ephemeralcontainers", "get,create pods/exec"];

Deno.test("rolesOf() has one rule for each resource", () => {
  assert.deepEqual(rules(["shell"]), [["shop", "get,list,watch pods", ...ephemeral.slice(1)]]);
});

Deno.test("rolesOf() merges commands into one Role", () => {
  assert.deepEqual(rules(["shell", "ping", "copy"]), [["shop", "get,list,watch,create pods", ...ephemeral.slice(1)]]);
});

Deno.test("rolesOf() narrows to one pod what is asked about it alone", () => {
  assert.deepEqual(rules(["shell"], { pod: "web" }), [[
    "shop",
    ...["get,list,watch pods web", "patch pods/ephemeralcontainers web", "get,create pods/exec web"],
  ]]);
  // The rights for ping destinations include some of these.
  assert.deepEqual(rules(["ping"], { pod: "web" }), [[
    "shop",
    ...["patch pods/ephemeralcontainers web", "watch pods web", "get,create pods/exec web", "get,list pods"],
  ]]);
});

Deno.test("rolesOf() makes a Role for each namespace, and one where they are the same", () => {
  const query = { via: "node", debugNamespace: "ops", destinationNamespace: "data" } as const;
  const debug = ["list,watch,create pods", "get,create pods/exec"];
  assert.deepEqual(rules(["ping"], query), [["shop", "get pods"], ["ops", ...debug], ["data", "get,list pods"]]);
  assert.deepEqual(rules(["shell"], { via: "node" }), [["shop", "get,list,watch,create pods", debug[1]]]);
});

Deno.test("rolesOf() names no namespace where nobody says one", () => {
  assert.deepEqual(rolesOf(one("list"), { ...plain, namespace: undefined }).map((role) => "namespace" in role), [
    false,
  ]);
});

Deno.test("rolesOf() makes a ClusterRole of what is in all namespaces, and of nodes", () => {
  assert.deepEqual(rules(["list"], { everywhere: true }), [["ClusterRole", "list pods"]]);
  assert.deepEqual(rules(["shell"], { optional: true }), [
    ["shop", "get,list,watch pods", "get namespaces", ...ephemeral.slice(1), "list events", "get pods metrics.k8s.io"],
    ["ClusterRole", "get nodes"],
  ]);
});

Deno.test("rolesOf() makes none where nothing is needed", () => {
  assert.deepEqual(rules(["shell", "ping"], { via: "local" }).flat().filter((rule) => rule?.includes("exec")), []);
  assert.deepEqual(rolesOf([{ name: "rbac", permissions: [] }], plain), []);
  assert.deepEqual(rolesOf([{ name: "completions", permissions: ["names"] }], plain), []);
});

Deno.test("rolesOf() says what cannot be limited", () => {
  const notes = (names: readonly string[], query: Partial<RoleQuery> = {}) =>
    rolesOf(names.flatMap(one), { ...plain, ...query }).flatMap(({ notes }) => notes).join("\n");
  assert.match(notes(["shell"]), /--via auto takes.*\n.*websocket.*1\.35.*\n.*-p POD narrows/);
  assert.doesNotMatch(notes(["shell"], { pod: "web" }), /narrows/);
  assert.match(notes(["shell"], { via: "node" }), /root on every node.*\n.*10 idle minutes/);
  assert.doesNotMatch(notes(["shell"], { via: "node", terminate: true }), /10 idle minutes/);
  assert.match(notes(["copy"]), /cannot limit create to copies/);
  assert.match(notes(["cleanup"]), /delete is for every pod/);
  assert.match(notes(["cleanup"], { everywhere: true }), /every pod of the cluster/);
  assert.equal(notes(["list"]), "");
});

Deno.test("bindingsOf() has a name for each subject, so that none replaces another", () => {
  const [role] = rolesOf(one("list"), { ...plain, name: "scope-list" });
  const names = bindingsOf([role!], [
    { kind: "User", name: "eve" },
    { kind: "Group", name: "eve" },
    { kind: "ServiceAccount", name: "c", namespace: "a-b" },
    { kind: "ServiceAccount", name: "b-c", namespace: "a" },
    { kind: "User", name: "oidc/100%" },
  ]);
  assert.deepEqual(names.map(({ name }) => name), [
    ...["scope-list-user-eve", "scope-list-group-eve", "scope-list-serviceaccount-a-b.c"],
    ...["scope-list-serviceaccount-a.b-c", "scope-list-user-oidc-100-"],
  ]);
  assert.deepEqual(
    new Set(names.map(({ kind, role, namespace }) => `${kind} ${role} ${namespace}`)),
    new Set(["RoleBinding scope-list shop"]),
  );
});

Deno.test("rightsTable() has each command, and a row for each Way where they differ", () => {
  const rows = rightsTable(asking).slice(2);
  for (const { name } of asking) assert.ok(rows.some((row) => row.includes(`\`${name}\``)), name);
  const of = (name: string) =>
    rows.filter((row) => row.includes(`\`${name}\``)).map((row) => row.replace(/^[^|]*\|[^|]*/, ""));
  assert.deepEqual(of("list"), ["|  | list `pods` | list `pods` |"]);
  assert.deepEqual(of("shell"), [
    "| ephemeral | get, list, watch `pods`; patch `pods/ephemeralcontainers`; get, create `pods/exec` | – |",
    "| node | get `pods` | list, watch, create `pods`; get, create `pods/exec` |",
  ]);
});

const given = { namespace: "shop", via: "auto" } as const;
const access = (text: string, namespace?: string) => {
  const [verb = "", what = ""] = text.split(" "), [resource = "", group = ""] = what.split(".");
  return { verb, group, resource, ...namespace === undefined ? {} : { namespace } };
};
const advices: [string, string, Parameters<typeof adviceFor>[3], ReturnType<typeof access>, string | undefined][] = [
  ["what the command needs", "ping", given, access("create pods/exec", "shop"), "-n shop rbac ping"],
  ["of a debug pod", "strace", given, access("create pods", "shop"), "-n shop --via node rbac strace"],
  [
    ...["of a debug pod elsewhere", "pids", { ...given, via: "node", debugNamespace: "ops" }] as const,
    ...[access("create pods", "ops"), "-n shop --debug-namespace ops --via node rbac pids"] as const,
  ],
  ["for -t", "node", given, access("delete pods", "shop"), "-n shop --via node -t rbac node"],
  [
    ...["of a workload", "shell", { ...given, pod: "deploy/web" }] as const,
    ...[access("get deployments.apps", "shop"), "-n shop -p deploy/web rbac shell"] as const,
  ],
  [
    ...["of labels", "doctor", { ...given, selector: "app in (a, b)" }] as const,
    ...[access("list pods", "shop"), "-n shop -l 'app in (a, b)' rbac doctor"] as const,
  ],
  ["of a destination elsewhere", "ping", given, access("list pods", "data"), "-n shop rbac -N data ping"],
  ["of a target elsewhere", "cp", given, access("patch pods/ephemeralcontainers", "data"), "-n data rbac cp"],
  ["in all namespaces", "list", given, access("list pods"), "-n shop rbac -A list"],
  ["that the command is not for", "doctor", given, access("create pods", "shop"), "-n shop rbac"],
  ["that no command needs", "ping", given, access("get secrets", "shop"), undefined],
];
for (const [what, command, query, missing, line] of advices) {
  Deno.test(`adviceFor() finds what prints a right ${what}`, () => {
    const expected = line === undefined
      ? ""
      : `: scope ${line} prints the ${missing.namespace ? "Role" : "ClusterRole"}`;
    assert.match(
      adviceFor([missing], asking, command, query),
      new RegExp(`^ask for "[^"]*" in [^:]*${escaped(expected)}$`),
    );
  });
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
