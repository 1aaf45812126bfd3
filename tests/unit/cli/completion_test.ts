import assert from "node:assert/strict";
import { commands } from "../../../src/app.ts";
import { answerOf, joinQuoted, wantedOf } from "../../../src/cli/completion.ts";
import { globalOptions, pullPolicies } from "../../../src/options.ts";
import { wayNames } from "../../../src/way.ts";

const read = (...words: string[]) => wantedOf(words, { commands, globals: globalOptions });
/** Returns the offered values, or the kind of value that is looked up. */
const offered = (...words: string[]) => {
  const { candidates, typed, values } = read(...words);
  return values ?? candidates.map(({ value }) => value).filter((value) => value.startsWith(typed));
};

Deno.test("wantedOf() offers the commands that are not hidden where none stands yet", () => {
  assert.deepEqual(offered(""), commands.filter(({ hidden }) => !hidden).map(({ name }) => name));
  assert.deepEqual(offered("-n", "demo", "pi"), ["ping", "pids"]);
  assert.deepEqual(offered("nonsense", ""), []);
});

Deno.test("wantedOf() knows what each value is, wherever its option stands and however it is written", () => {
  assert.equal(offered("-n", ""), "namespace");
  assert.equal(offered("--namespace="), "namespace");
  assert.equal(offered("-vn", "de"), "namespace");
  assert.equal(offered("-p", ""), "running-pod");
  assert.equal(offered("pids", "--pod", "we"), "running-pod");
  assert.equal(offered("copy", "-p", ""), "pod");
  assert.equal(offered("cleanup", "-p", ""), "pod");
  assert.equal(offered("--container", ""), "container");
  assert.equal(offered("--context", ""), "context");
  assert.equal(offered("--kubeconfig", ""), "file");
  assert.deepEqual(offered("--via", ""), [...wayNames]);
  assert.deepEqual(offered("ping", "--via=a"), ["auto"]);
  assert.deepEqual(offered("--pull-policy", ""), [...pullPolicies]);
  assert.deepEqual(offered("redir", "--probes", ""), ["pod", "local"]);
  assert.deepEqual(offered("-l", ""), []);
});

Deno.test("wantedOf() takes a command's own letters before the global ones", () => {
  assert.equal(offered("shell", "-t", ""), "container");
  assert.deepEqual(offered("strace", "-p", ""), []);
  assert.deepEqual(offered("ping", "-c", ""), []);
  assert.ok(!(offered("ping", "-") as string[]).includes("-n=") && (offered("ping", "-") as string[]).includes("-n"));
  assert.equal((offered("strace", "-") as string[]).filter((option) => option === "-p").length, 1);
});

Deno.test("wantedOf() offers each option once, unless it may be given several times", () => {
  assert.ok((offered("ping", "--a") as string[]).includes("--all"));
  assert.deepEqual(offered("ping", "-a", "--al"), []);
  assert.deepEqual(offered("ping", "-d", "db", "--dest-p"), ["--dest-pod"]);
  assert.deepEqual(offered("--dbg"), [], "hidden");
});

Deno.test("wantedOf() knows what arguments are", () => {
  assert.deepEqual(offered("fs", ""), ["ls", "cat", "find"]);
  assert.deepEqual(offered("fs", "ls", ""), []);
  assert.equal(offered("node", ""), "node");
  assert.deepEqual(offered("node", "node1", ""), []);
  assert.equal(offered("redir", ""), "port");
  assert.equal(offered("redirect", "80", ""), "port");
  assert.deepEqual(offered("completions", "f"), ["fish"]);
});

Deno.test("wantedOf() leaves alone what belongs to another program", () => {
  assert.deepEqual(offered("shell", "ls", "-"), []);
  assert.deepEqual(offered("-p", "x", "shell", "--", "-"), []);
  assert.deepEqual(offered("hping", "--", "--al"), []);
});

Deno.test("wantedOf() tells what stands before the cursor", () => {
  const { globals } = read("-n", "demo", "-vp", "web", "shell", "--context=c", "-t", "");
  assert.deepEqual({ ...globals }, { namespace: "demo", verbose: true, pod: "web", context: "c" });
  assert.equal(read("-n", "demo", "ping", "-N", "data", "-d", "").globals.namespace, "data");
  assert.equal(read("-n", "demo", "ping", "-N", "data", "-p", "").globals.namespace, "demo");
});

Deno.test("every option that names a thing of the cluster says which", () => {
  const named = /<(name|namespace|pod|container|context|node|file|path)>/;
  const silent = [...globalOptions, ...commands.flatMap(({ options = [] }) => options)]
    .filter(({ flags, values }) => named.test(flags) && values === undefined).map(({ flags }) => flags);
  // Names of objects still to be created cannot be completed, and RBAC has no list of users.
  assert.deepEqual([...new Set(silent)], [
    "--name <name>",
    "--user <name>",
    "--group <name>",
    "--service-account <name>",
  ]);
});

Deno.test("answerOf() prints what begins as typed, and the directive", () => {
  const candidates = [{ value: "web", description: "a\tb\nc" }, { value: "api" }];
  assert.equal(answerOf("", candidates), "web\ta b c\napi\n:4\n");
  assert.equal(answerOf("a", candidates), "api\n:4\n");
  assert.equal(answerOf("x", candidates), ":4\n");
  assert.equal(answerOf("d", [{ value: "deploy/" }, { value: "ds/" }]), "deploy/\nds/\n:6\n", "no space behind them");
});

Deno.test("answerOf() offers nothing that means something to a shell", () => {
  const values = ["$(reboot)", "a b", "x;y", "`x`", "a'b", 'a"b', "a\nb", "arn:aws:eks:eu:1:cluster/x", "me@host"];
  assert.equal(answerOf("", values.map((value) => ({ value }))), "arn:aws:eks:eu:1:cluster/x\nme@host\n:4\n");
});

Deno.test("joinQuoted() makes one word of what stands between quotes", () => {
  assert.deepEqual(joinQuoted(["-l", "'a", "in", "(b)'", "-p", ""]), ["-l", "'a in (b)'", "-p", ""]);
  assert.deepEqual(joinQuoted(["it\\'s", "x"]), ["it\\'s", "x"]);
  assert.deepEqual(joinQuoted(['"a', 'b"', '"c', ""]), ['"a b"', '"c ']);
});
