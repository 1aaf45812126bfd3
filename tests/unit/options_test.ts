import assert from "node:assert/strict";
import { ScopeError } from "../../src/errors.ts";
import { count, globalOptions, resolveOptions, seconds, targetQuery } from "../../src/options.ts";
import type { RawOptions } from "../../src/options.ts";

const defaults = {
  regcred: "regcred",
  targetGiven: false,
  terminate: false,
  via: "auto",
  output: "text",
  pullPolicy: "IfNotPresent",
  timeoutMs: 60_000,
  verbose: false,
};

function usage(message: string, hint?: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ScopeError);
    assert.deepEqual([error.kind, error.message], ["usage", message]);
    if (hint !== undefined) assert.match(error.hint ?? "", hint);
    return true;
  };
}

Deno.test("resolveOptions() has a default for everything but the target and the image", () => {
  assert.deepEqual(resolveOptions({}), defaults);
});

Deno.test("resolveOptions() takes the flag, then the environment, then the file", () => {
  const raw = { namespace: "flag" };
  const environment = { SCOPE_NAMESPACE: "environment", SCOPE_IMAGE: "environment" };
  const file = { SCOPE_NAMESPACE: "file", SCOPE_IMAGE: "file", SCOPE_CONTAINER: "file" };
  const { namespace, image, container } = resolveOptions(raw, environment, file);
  assert.deepEqual([namespace, image, container], ["flag", "environment", "file"]);
});

Deno.test("resolveOptions() reads each variable, and its flag before it", () => {
  const values: Record<string, [string, string, string]> = {
    via: ["node", "auto", "via"],
    output: ["json", "text", "output"],
    pullPolicy: ["Never", "Always", "pullPolicy"],
    timeout: ["3", "4", "timeoutMs"],
  };
  const named = globalOptions.filter(({ variable }) => variable !== undefined);
  assert.ok(named.length > 8);
  for (const { key, variable = "" } of named) {
    const [first, second, name] = values[key] ?? ["first", "second", key];
    const of = (raw: RawOptions, ...sources: Record<string, string>[]) =>
      (resolveOptions(raw, ...sources) as unknown as Record<string, unknown>)[name];
    const value = (text: string) => key === "timeout" ? Number(text) * 1000 : text;
    assert.equal(of({}, { [variable]: first }), value(first), variable);
    assert.equal(of({ [key]: second }, { [variable]: first }), value(second), key);
    assert.equal(of({}, {}, { [variable]: first }), value(first), `${variable} of the file`);
  }
});

Deno.test("resolveOptions() takes an empty variable as not set, except for the credentials", () => {
  const empty = { SCOPE_NAMESPACE: "", SCOPE_REGCRED: "", SCOPE_OUTPUT: "", SCOPE_TIMEOUT: "" };
  const file = { SCOPE_NAMESPACE: "file", SCOPE_REGCRED: "file" };
  assert.deepEqual(resolveOptions({}, empty, file), { ...defaults, namespace: "file", regcred: "" });
});

Deno.test("resolveOptions() lets --regcred be empty, before any variable", () => {
  assert.equal(resolveOptions({ regcred: "" }, { SCOPE_REGCRED: "other" }).regcred, "");
});

Deno.test("resolveOptions() takes --dbg-image where there is no --image", () => {
  assert.equal(resolveOptions({ dbgImage: "old" }, { SCOPE_IMAGE: "variable" }).image, "old");
  assert.equal(resolveOptions({ dbgImage: "old", image: "new" }).image, "new");
});

Deno.test("resolveOptions() never knows a target from two places", () => {
  const labels = resolveOptions({ selector: "app=web" }, { SCOPE_POD: "other" });
  assert.deepEqual(targetQuery(labels), { selector: "app=web" });
  const pod = resolveOptions({ pod: "web" }, { SCOPE_SELECTOR: "app=other" });
  assert.deepEqual(targetQuery(pod), { pod: "web" });
  const variable = resolveOptions({}, { SCOPE_SELECTOR: "app=web" }, { SCOPE_POD: "other" });
  assert.deepEqual(targetQuery(variable), { selector: "app=web" });
  const both = resolveOptions({ pod: "web", selector: "app=web" });
  assert.deepEqual(targetQuery(both), { pod: "web", selector: "app=web" }, "which is a mistake to tell of");
});

for (
  const [raw, message, hint] of [
    [{ namespace: "" }, "Option --namespace needs a value", /leave the option out/],
    [{ pod: "" }, "Option --pod needs a value", /leave the option out/],
    [{ debugNamespace: "" }, "Option --debug-namespace needs a value", /leave the option out/],
    [{ image: "" }, "Option --image needs a value", /leave the option out/],
    [{ output: "yaml" }, 'Option --output cannot be "yaml"', /text, json/],
    [{ via: "ssh" }, 'Option --via cannot be "ssh"', /auto, node/],
    [{ pullPolicy: "always" }, 'Option --pull-policy cannot be "always"', /Always, IfNotPresent, Never/],
    [{ timeout: "0" }, 'Option --timeout cannot be "0"', /seconds/],
    [{ timeout: "soon" }, 'Option --timeout cannot be "soon"', /seconds/],
  ] as [RawOptions, string, RegExp | undefined][]
) {
  Deno.test(`resolveOptions() refuses ${JSON.stringify(raw)}`, () => {
    assert.throws(() => resolveOptions(raw), usage(message, hint));
  });
}

Deno.test("resolveOptions() refuses a bad variable like a bad flag", () => {
  assert.throws(() => resolveOptions({}, { SCOPE_OUTPUT: "xml" }), usage('Option --output cannot be "xml"'));
});

for (
  const [text, value] of [
    ["1", 1],
    ["0.2", 0.2],
    [".5", 0.5],
    ["5.", 5],
    ["2s", 2],
    ["0.001", 0.001],
    ["0.0015", 0.002],
    ["86400", 86_400],
  ] as const
) {
  Deno.test(`seconds() reads "${text}"`, () => assert.equal(seconds("interval", text), value));
}

for (
  const text of ["0", "-1", "", " ", "abc", "1e3", "0x10", "1m", "1 s", "0.0004", "86401", "Infinity", "NaN", "1,5"]
) {
  Deno.test(`seconds() refuses "${text}"`, () => {
    assert.throws(() => seconds("interval", text), usage(`Option --interval cannot be "${text}"`, /0\.001 to 86400/));
  });
}

for (const [text, value] of [["0", 0], ["5", 5], ["007", 7], ["999999999", 999_999_999]] as const) {
  Deno.test(`count() reads "${text}"`, () => assert.equal(count("count", text), value));
}

for (const text of ["-1", "", "abc", "1.5", "1e3", "0x1", "+1", " 1", "1000000000", "٣"]) {
  Deno.test(`count() refuses "${text}"`, () => {
    assert.throws(() => count("count", text), usage(`Option --count cannot be "${text}"`, /whole number/));
  });
}

Deno.test("targetQuery() holds what was said, and nothing else", () => {
  assert.deepEqual(targetQuery(resolveOptions({ pod: "web", container: "app", namespace: "shop" })), {
    pod: "web",
    container: "app",
  });
  assert.deepEqual(targetQuery(resolveOptions({})), {});
});
