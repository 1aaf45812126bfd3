import assert from "node:assert/strict";
import { brokenLine, unknownNames } from "../../../src/cli/env_lines.ts";

Deno.test("brokenLine() finds nothing in what the format knows", () => {
  const text =
    "\ufeff# comment\n\n  SCOPE_POD=web\r\nexport A='b c' # why\nB=\nC: d\nD=\"two\nlines = x\"\nE=`a\\`b`\nF=a'b\n";
  assert.equal(brokenLine(text), undefined);
});

Deno.test("brokenLine() names the first line that is none", () => {
  assert.deepEqual(brokenLine("A=b\n\nSCOPE_POD web\nnonsense"), { line: 3, what: "is no NAME=VALUE" });
  assert.deepEqual(brokenLine('A="x\ny"\n=b'), { line: 3, what: "is no NAME=VALUE" });
  assert.deepEqual(brokenLine("A=b\nB='c\nC=d\n"), { line: 2, what: "has no second '" });
  assert.deepEqual(brokenLine("[section]"), { line: 1, what: "is no NAME=VALUE" });
});

Deno.test("unknownNames() finds slips among scope's own names only", () => {
  const found = unknownNames("SCOPE_POD=a\nexport SCOPE_NAMESPCE=b\nOTHER=c\n#SCOPE_X=1\n", ["SCOPE_POD"]);
  assert.deepEqual(found, [{ line: 2, what: "is no variable of scope", name: "SCOPE_NAMESPCE" }]);
});
