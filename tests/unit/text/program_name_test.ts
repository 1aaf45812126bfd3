import assert from "node:assert/strict";
import { commands, inWordsOf, parse } from "../../../src/app.ts";
import { calledAs, eventInWords, withProgramName } from "../../../src/text/program_name.ts";
import { failed } from "../../../src/event.ts";
import { scope } from "../scope.ts";

const names = ["pids", "list", "node"];

// [text, text for users of the kubectl plugin]
const texts: [string, string][] = [
  ["scope -n shop -p web pids", "kubectl scope -n shop -p web pids"],
  ["scope --help lists the commands", "kubectl scope --help lists the commands"],
  ["scope pids lists the processes", "kubectl scope pids lists the processes"],
  ["try scope pids; then scope list -A", "try kubectl scope pids; then kubectl scope list -A"],
  ['eval "$(scope list bash)"', 'eval "$(kubectl scope list bash)"'],
  // Not command lines.
  ["what scope lists, and nodes of scope", "what scope lists, and nodes of scope"],
  ["List what scope has made", "List what scope has made"],
  ["options of scope stand before it", "options of scope stand before it"],
  ["run scope as root", "run scope as root"],
  ["scope - an endoscope pids", "scope - an endoscope pids"],
  ["/tmp/scope pids", "/tmp/scope pids"],
  ["scope-cli pids", "scope-cli pids"],
  ["kubectl scope pids", "kubectl scope pids"],
];

for (const [text, expected] of texts) {
  Deno.test(`asCalled() makes "${expected}" of "${text}" for kubectl, and nothing for scope`, () => {
    assert.equal(withProgramName(text, "kubectl scope", names), expected);
    assert.equal(withProgramName(text, "scope", names), text);
  });
}

Deno.test("calledAs() takes just the two names", () => {
  assert.equal(calledAs("kubectl scope"), "kubectl scope");
  for (const other of [undefined, "", "scope", "rm -rf"]) assert.equal(calledAs(other), "scope");
});

Deno.test("eventInWords() changes advice and nothing else", () => {
  const words = (text: string) => text.toUpperCase();
  const event = failed("shop/web", { message: "it is gone", hint: "scope list" });
  assert.deepEqual(eventInWords(event, words), { ...event, hint: "SCOPE LIST" });
  const other = { type: "redir.lost", time: "", namespace: "shop", pod: "web" } as never;
  assert.equal(eventInWords(other, words), other);
});

Deno.test("inWordsOf() lets no line of help say a command line that kubectl's users cannot type", () => {
  for (const { name } of [{ name: "help" }, ...commands]) {
    let help = "";
    const argv = name === "help" ? ["--help"] : [name, "--help"];
    parse(argv, { out: (text) => help += inWordsOf("kubectl scope", text), err: () => {} }, "kubectl scope");
    assert.match(help, /^Usage: kubectl scope /, name);
    assert.doesNotMatch(help, /^ {2}scope /m, name);
    assert.doesNotMatch(help, /kubectl kubectl/, name);
  }
});

Deno.test("scope says kubectl scope in help and hints where kubectl called it", async () => {
  const env = { SCOPE_CALLED_AS: "kubectl scope" };
  const help = await scope(["pids", "--help"], { env });
  assert.match(help.stdout, /^Usage: kubectl scope pids \[options\]$/m);
  assert.match(help.stdout, /^ {2}kubectl scope -n shop -p web pids /m);
  assert.deepEqual(await scope(["list", "web"], { env }), {
    code: 64,
    stdout: "",
    stderr: 'error: Command "list" takes no arguments, got "web"\nhint: kubectl scope list --help says what it takes\n',
  });
});
