import assert from "node:assert/strict";
import { exportLines, quote } from "../../cluster/shell.ts";

Deno.test("quote() keeps a path with blanks and quotes one word", () => {
  assert.equal(quote("/a/b-c.d"), "/a/b-c.d");
  assert.equal(quote("/a b/it's"), `'/a b/it'\\''s'`);
});

Deno.test("exportLines() keeps the PATH that there is", () => {
  assert.equal(exportLines("/k", "/bin dir"), `export KUBECONFIG=/k\nexport PATH='/bin dir':"$PATH"\n`);
});
