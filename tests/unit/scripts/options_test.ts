import assert from "node:assert/strict";
import { ScriptError, UsageError } from "../../../scripts/src/lib/errors.ts";
import { readOptions } from "../../../scripts/src/lib/options.ts";

const syntax = { flags: ["name"], values: { push: "a registry", url: undefined } };

Deno.test("options, their values and operands are read in any order", () => {
  const read = readOptions(["one", "--push", "a:1", "--name", "two", "--push=b:2"], syntax);
  assert.deepEqual([...read.flags], ["name"]);
  assert.deepEqual(read.values, { push: ["a:1", "b:2"] });
  assert.deepEqual(read.operands, ["one", "two"]);
});

Deno.test("an unknown option is a mistake of usage", () => {
  const error = { name: "ClusterError", code: 64, message: 'Unknown package or option "--no-such"' };
  assert.throws(() => readOptions(["--no-such"], { ...syntax, kind: "package or option" }), error);
  assert.throws(() => readOptions(["-x"], syntax), UsageError);
});

Deno.test("an option without its value is told with a hint", () => {
  const error = { code: 64, message: "Option --push needs a value", hint: "a registry" };
  for (const args of [["--push"], ["--push", ""], ["--push="]]) assert.throws(() => readOptions(args, syntax), error);
  assert.throws(() => readOptions(["--url"], syntax), (error: ScriptError) => error.hint === undefined);
});
