import assert from "node:assert/strict";
import { ROOT } from "../../../scripts/src/lib/paths.ts";
import { which } from "../../programs/which.ts";

const missing = which("shellcheck") === undefined;

/** Directories without files of the project. */
const SKIPPED = [".git", "dist", "node_modules"];

/** Returns all shell scripts below a directory: files that name a shell in a shebang or in a directive for shellcheck. */
function shellScripts(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory, isFile }) => {
    const path = `${directory}/${name}`;
    if (isDirectory) return SKIPPED.includes(name) ? [] : shellScripts(path);
    return isFile && /^(#!.*\b(ba|da)?sh(\s|$)|# shellcheck shell=)/.test(firstLine(path)) ? [path] : [];
  });
}

function firstLine(path: string): string {
  return new TextDecoder("latin1").decode(Deno.readFileSync(path)).split("\n", 1)[0] ?? "";
}

Deno.test("the shell scripts of the project are found, with and without a shebang", () => {
  const found = shellScripts(ROOT).map((path) => path.slice(ROOT.length + 1));
  const some = [".ci/run", "packages/launcher", "scripts/lib.sh", "scripts/test", "src/images/endoscope/bashrc"];
  assert.deepEqual(some.filter((path) => !found.includes(path)), []);
  assert.ok(!found.some((path) => path.endsWith(".ts")));
});

Deno.test({
  name: `shellcheck finds nothing in the shell scripts${missing ? " (not installed: apt-get install shellcheck)" : ""}`,
  ignore: missing,
  fn: async () => {
    // Sourced files are searched beside the script that sources them.
    const args = ["--format=gcc", "--external-sources", "--source-path=SCRIPTDIR", ...shellScripts(ROOT)];
    const { success, stdout, stderr } = await new Deno.Command("shellcheck", { args, cwd: ROOT }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).replaceAll(`${ROOT}/`, "");
    assert.ok(success, `\n${text(stdout)}${text(stderr)}`);
  },
});
