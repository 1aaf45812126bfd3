import assert from "node:assert/strict";
import { completedShells } from "../../../../src/options.ts";
import { completionScript } from "../../../../src/features/completions/script.ts";
import { scope } from "../../scope.ts";

Deno.test("completionScript() finds all that it changes in the library's scripts, and prints nothing itself", () => {
  for (const shell of completedShells) {
    const text = completionScript(shell);
    assert.match(text, /scope complete -- /);
    assert.doesNotMatch(text, /registry|undefined/);
  }
  const bash = completionScript("bash");
  assert.ok(completionScript("zsh").includes("comp=${comp//:/\\\\:}"), "a colon does not end a candidate");
  assert.doesNotMatch(bash, /\beval\b|compgen -W|readonly|_get_comp_words_by_ref/);
});

Deno.test("scope completions prints a script for each shell, and refuses others", async () => {
  for (const shell of completedShells) {
    assert.deepEqual(await scope(["completions", shell]), { code: 0, stdout: completionScript(shell), stderr: "" });
  }
  assert.deepEqual(await scope(["completions", "tcsh"]), {
    code: 64,
    stdout: "",
    stderr: 'error: Command "completions" cannot be for "tcsh"\nhint: it is one of bash, zsh, fish\n',
  });
});
