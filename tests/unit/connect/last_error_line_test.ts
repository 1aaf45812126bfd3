import assert from "node:assert/strict";
import { lastErrorLine } from "../../../src/connect/last_error_line.ts";

for (
  const [message, words] of [
    [undefined, undefined],
    ["", undefined],
    ["\n \n", undefined],
    ["Error: unknown flag: --shared-namespaces\n", "unknown flag: --shared-namespaces"],
    ["unexpected: a call failed\nerror: Cannot make the directory\nlater words\n", "Cannot make the directory"],
    ["one\n  two\n", "two"],
    [
      "error: Uncaught (in promise) NotFound: No such file\nawait Deno.mkdir(directory);\n^\n    at file:///opt/scope/manager.js:1:2\n",
      "Uncaught (in promise) NotFound: No such file",
    ],
  ] as const
) {
  Deno.test(`lastErrorLine() of ${JSON.stringify(message)}`, () => assert.equal(lastErrorLine(message), words));
}
