import assert from "node:assert/strict";
import { readEnvFile } from "../../../src/cli/config.ts";
import { ScopeError } from "../../../src/errors.ts";
import { scope } from "../scope.ts";

async function inFolder(test: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "scope-config-" });
  try {
    await test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A value that is refused shows that it was read. */
const telltale = "SCOPE_OUTPUT=telltale\n";
const read = 'error: Option --output cannot be "telltale"';
const notRead = "error: Nothing says what to ping";

async function firstLine(env: Record<string, string>, cwd: string, ...options: string[]): Promise<string> {
  const { stderr } = await scope([...options, "ping"], { env, cwd });
  return stderr.split("\n")[0]!;
}

Deno.test("readEnvFile() reads the dotenv format", () =>
  inFolder((folder) => {
    const file = `${folder}/env`;
    Deno.writeTextFileSync(
      file,
      `# comment\nSCOPE_NAMESPACE=shop\nexport SCOPE_POD='web'\nSCOPE_REGCRED=""\nSCOPE_SELECTOR="a=b # c" # comment\n\n`,
    );
    assert.deepEqual({ ...readEnvFile(file) }, {
      SCOPE_NAMESPACE: "shop",
      SCOPE_POD: "web",
      SCOPE_REGCRED: "",
      SCOPE_SELECTOR: "a=b # c",
    });
  }));

Deno.test("readEnvFile() refuses a given file that is missing, and one that cannot be read", () =>
  inFolder((folder) => {
    const failure = (path: string) => {
      try {
        readEnvFile(path);
      } catch (error) {
        assert.ok(error instanceof ScopeError);
        return [error.kind, error.message, error.hint];
      }
      assert.fail("it was read");
    };
    assert.deepEqual(failure(`${folder}/none`), [
      "notFound",
      `Cannot find the file "${folder}/none"`,
      "check the path after --env-file",
    ]);
    assert.deepEqual(failure(folder), [
      "denied",
      `Cannot read the file "${folder}"`,
      "make it a file that you may read",
    ]);
  }));

Deno.test("scope reads ~/.config/scope/env, or the file in $XDG_CONFIG_HOME, or the one given", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/.config/scope`, { recursive: true });
    assert.equal(await firstLine({ HOME: folder }, folder), notRead);
    Deno.writeTextFileSync(`${folder}/.config/scope/env`, telltale);
    assert.equal(await firstLine({ HOME: folder }, folder), read);
    assert.equal(await firstLine({ HOME: folder }, folder, "-o", "text"), notRead, "the flag wins");
    assert.equal(await firstLine({ HOME: folder, SCOPE_OUTPUT: "json" }, folder), notRead, "the environment wins");
    assert.equal(await firstLine({ XDG_CONFIG_HOME: `${folder}/.config` }, folder), read);
    assert.equal(await firstLine({}, folder, "--env-file", `${folder}/.config/scope/env`), read);
    Deno.writeTextFileSync(`${folder}/other`, "SCOPE_OUTPUT=json\n");
    assert.equal(await firstLine({ HOME: folder }, folder, "--env-file", "other"), notRead, "one file, not two");
  }));

Deno.test("$XDG_CONFIG_HOME=/dev/null is a way to say that there is no file", () =>
  inFolder(async (folder) => assert.equal(await firstLine({ XDG_CONFIG_HOME: "/dev/null" }, folder), notRead)));

Deno.test("scope never reads a .env of the current folder by itself", () =>
  inFolder(async (folder) => {
    for (const name of [".env", "env", "scope.env"]) Deno.writeTextFileSync(`${folder}/${name}`, telltale);
    assert.equal(await firstLine({}, folder), notRead);
    assert.equal(await firstLine({}, folder, "--env-file", ".env"), read, "but does when told to");
  }));

Deno.test("readEnvFile() names the line that is broken, and the names that mean nothing", () =>
  inFolder(async (folder) => {
    const file = `${folder}/env`;
    Deno.writeTextFileSync(file, "SCOPE_NAMESPACE=shop\nSCOPE_POD web\n");
    assert.deepEqual(await scope(["--env-file", file, "list"]), {
      ...{ code: 64, stdout: "" },
      stderr: `error: Cannot read "${file}:2": the line is no NAME=VALUE\n` +
        "hint: a line is NAME=VALUE, a comment that begins with #, or empty\n",
    });
    Deno.mkdirSync(`${folder}/scope`);
    Deno.writeTextFileSync(`${folder}/scope/env`, "SCOPE_OUTPUT=telltale\nSCOPE_NAMESPCE=shop\n");
    assert.deepEqual((await scope(["list"], { env: { XDG_CONFIG_HOME: folder } })).stderr.split("\n").slice(0, 2), [
      `${folder}/scope/env:2: "SCOPE_NAMESPCE" is no variable of scope`,
      read,
    ]);
  }));
