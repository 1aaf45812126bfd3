import assert from "node:assert/strict";
import { commands, inUsersWords, parse } from "../../../src/app.ts";
import { programName, setProgramName, withProgramName } from "../../../src/text/program_name.ts";
import { scope } from "../scope.ts";
import { calledBy } from "./called_by.ts";

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
  Deno.test(`withProgramName() makes "${expected}" of "${text}" for kubectl, and nothing for scope`, () => {
    using _called = calledBy("kubectl scope");
    assert.equal(withProgramName(text, names), expected);
    setProgramName("scope");
    assert.equal(withProgramName(text, names), text);
  });
}

Deno.test("setProgramName() takes just the two names", () => {
  using _called = calledBy("kubectl scope");
  assert.equal(programName(), "kubectl scope");
  for (const other of [undefined, "", "scope", "rm -rf"]) {
    setProgramName(other);
    assert.equal(programName(), "scope");
  }
});

Deno.test("inUsersWords() lets no line of help say a command line that kubectl's users cannot type", () => {
  using _called = calledBy("kubectl scope");
  for (const { name } of [{ name: "help" }, ...commands]) {
    let help = "";
    const argv = name === "help" ? ["--help"] : [name, "--help"];
    parse(argv, { out: (text) => help += inUsersWords(text), err: () => {} });
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
