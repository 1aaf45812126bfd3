import assert from "node:assert/strict";
import { differences, examplesOf, shapeOf, withOutput } from "../../e2e/docs_pages.ts";

const page = `# A page

<!-- serve 8089 -->
<!-- meanwhile curl -s http://web/ -->
<!-- before echo hello -->
\`\`\`console
$ scope -p web ping \\
>   -d db
one
two
$ scope -p web redir 8080
started
^C
summary
\`\`\`

\`\`\`console
$ true
\`\`\`

    $ not a console block
`;

Deno.test("examplesOf() reads commands over several lines, their output, Ctrl-C, and what goes on meanwhile", () => {
  const around = { serve: 8089, meanwhile: "curl -s http://web/" };
  assert.deepEqual(examplesOf(page), [
    { line: 7, command: "scope -p web ping \\\n  -d db", output: ["one", "two"], ...around, before: "echo hello" },
    { line: 11, command: "scope -p web redir 8080", output: ["started", "summary"], beforeInterrupt: 1, ...around },
    { line: 18, command: "true", output: [] },
  ]);
});

Deno.test("shapeOf() leaves out what differs from run to run", () => {
  assert.equal(
    shapeOf("18:36:57.113 shop/web-64dc497c97-vzzt8 in  10.210.176.1:53108    → pod  sent=75B  took=0.007s"),
    shapeOf("19:00:01.001 shop/web-7f9c55d7b4-bcd2x in  10.1.2.3:1 → pod sent=1024B took=12.3s"),
  );
  assert.equal(shapeOf("scope-66d653  1m23s"), shapeOf("scope-0a0b0c  5s"));
  assert.equal(
    shapeOf("(localhost/scope/endoscope:67576071c6d7)"),
    shapeOf("(registry.example.com/scope/endoscope:1)"),
  );
  assert.notEqual(shapeOf("flags=RA"), shapeOf("flags=SA"));
  assert.notEqual(shapeOf("shop/web-64dc497c97-vzzt8"), shapeOf("shop/api-64dc497c97-vzzt8"));
});

Deno.test("differences() finds lines that are missing and lines too many, in any order", () => {
  assert.deepEqual(differences(["b 1", "a 1"], ["a 2", "", "b 2"]), []);
  assert.deepEqual(differences(["a"], ["b", "waiting for pod x"]), [
    "the page says, and it was not printed: a",
    "printed, and the page does not say it: b",
  ]);
  assert.deepEqual(differences(["a", "…"], ["b", "a"]), []);
  assert.deepEqual(differences(["a", "a"], ["a"]), ["the page says, and it was not printed: a"]);
});

Deno.test("withOutput() writes what was printed, and leaves what was interrupted as it is", () => {
  const fresh = withOutput(
    page,
    new Map([[7, ["three"]], [11, ["other"]], [18, ["localhost/scope/endoscope:1a", "4"]]]),
  );
  assert.deepEqual(examplesOf(fresh).map(({ output }) => output), [
    ["three"],
    ["started", "summary"],
    ["registry.example.com/scope/endoscope:1", "4"],
  ]);
});
