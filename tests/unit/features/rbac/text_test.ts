import assert from "node:assert/strict";
import { asking } from "../../../../src/app.ts";
import type { RbacRole } from "../../../../src/event.ts";
import { parseYaml } from "../../../../src/kube/yaml.ts";
import { bindingLines, roleLines } from "../../../../src/features/rbac/text.ts";
import { forPrograms } from "../../../../src/text/safe.ts";
import { bindingsOf, rolesOf } from "../../../../src/rights/role.ts";

const query = {
  ...{ via: "auto", terminate: false, everywhere: false, optional: true, namespace: "shop", name: "scope" } as const,
};
const roles = rolesOf(asking, query);
// deno-lint-ignore no-explicit-any -- compared as a whole
const read = (lines: readonly string[]) => JSON.parse(JSON.stringify(parseYaml(lines.join("\n")))) as any;

Deno.test("roleLines() is YAML with just what the event says", () => {
  for (const role of roles) {
    const { apiVersion, kind, metadata, rules } = read(roleLines(role));
    assert.deepEqual([apiVersion, kind], ["rbac.authorization.k8s.io/v1", role.kind]);
    assert.deepEqual([metadata.name, metadata.namespace], ["scope", role.namespace]);
    assert.deepEqual(rules, role.rules.map(({ for: _for, ...rule }) => rule));
  }
});

Deno.test("roleLines() gives reasons in comments that fit a window", () => {
  const lines = roleLines(roles[0]!);
  assert.ok(lines.some((line) => /^ {2}# to find the target by its name; /.test(line)));
  assert.ok(lines.some((line) => /^ {2}# {3}\S/.test(line)), "a long one goes on in the next line");
  assert.deepEqual(lines.filter((line) => line.length > 120), []);
});

Deno.test("bindingLines() is YAML with the Role and who gets it", () => {
  const [user, account] = bindingsOf(roles.slice(0, 1), [
    { kind: "User", name: "eve@example.com" },
    { kind: "ServiceAccount", name: "ci", namespace: "ops" },
  ]).map((binding) => read(bindingLines(binding)));
  const apiGroup = "rbac.authorization.k8s.io";
  assert.deepEqual(user.roleRef, { apiGroup, kind: "Role", name: "scope" });
  assert.deepEqual(user.subjects, [{ kind: "User", name: "eve@example.com", apiGroup }]);
  assert.deepEqual(account.subjects, [{ kind: "ServiceAccount", name: "ci", namespace: "ops" }]);
});

Deno.test("roleLines() stays YAML whatever the names are", () => {
  for (const name of ["y", "null", "1e3", "a: b", "a\nkind: Secret", "#", "a\u2028b", "\x1b[2J", "-", "on"]) {
    const role: RbacRole = { ...roles[0]!, name, namespace: name, notes: [`of ${name}\rkind: Secret`] };
    const lines = forPrograms(() => roleLines(role));
    assert.equal(lines.filter((line) => /^kind: /.test(line)).length, 1);
    assert.equal(lines.some((line) => ["\n", "\r", "\x1b", "\u2028"].some((one) => line.includes(one))), false);
    const { metadata, kind } = read(lines);
    assert.equal(kind, "Role");
    assert.equal(typeof metadata.name, "string");
    assert.equal(typeof metadata.namespace, "string");
  }
});
