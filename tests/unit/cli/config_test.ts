import assert from "node:assert/strict";
import { readEnvFile } from "../../../src/cli/config.ts";
import { ScopeError } from "../../../src/errors.ts";
import { scope } from "../scope.ts";

async function inDirectory(test: (directory: string) => void | Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync({ prefix: "scope-config-" });
  try {
    await test(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** An invalid value; the error shows that the file was read. */
const telltale = "SCOPE_OUTPUT=telltale\n";
const read = 'error: Option --output cannot be "telltale"';
const notRead = "error: No destination specified";

async function firstLine(env: Record<string, string>, cwd: string, ...options: string[]): Promise<string> {
  const { stderr } = await scope([...options, "ping"], { env, cwd });
  return stderr.split("\n")[0]!;
}

Deno.test("readEnvFile() reads the dotenv format", () =>
  inDirectory((directory) => {
    const file = `${directory}/env`;
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
  inDirectory((directory) => {
    const failure = (path: string) => {
      try {
        readEnvFile(path);
      } catch (error) {
        assert.ok(error instanceof ScopeError);
        return [error.kind, error.message, error.hint];
      }
      assert.fail("it was read");
    };
    assert.deepEqual(failure(`${directory}/none`), [
      "notFound",
      `Cannot find the file "${directory}/none"`,
      "check the path after --env-file",
    ]);
    assert.deepEqual(failure(directory), [
      "denied",
      `Cannot read the file "${directory}"`,
      "make it a file that you may read",
    ]);
  }));

Deno.test("scope reads ~/.config/scope/env, or the file in $XDG_CONFIG_HOME, or the one given", () =>
  inDirectory(async (directory) => {
    Deno.mkdirSync(`${directory}/.config/scope`, { recursive: true });
    assert.equal(await firstLine({ HOME: directory }, directory), notRead);
    Deno.writeTextFileSync(`${directory}/.config/scope/env`, telltale);
    assert.equal(await firstLine({ HOME: directory }, directory), read);
    assert.equal(await firstLine({ HOME: directory }, directory, "-o", "text"), notRead, "the flag wins");
    assert.equal(
      await firstLine({ HOME: directory, SCOPE_OUTPUT: "json" }, directory),
      notRead,
      "the environment wins",
    );
    assert.equal(await firstLine({ XDG_CONFIG_HOME: `${directory}/.config` }, directory), read);
    assert.equal(await firstLine({}, directory, "--env-file", `${directory}/.config/scope/env`), read);
    Deno.writeTextFileSync(`${directory}/other`, "SCOPE_OUTPUT=json\n");
    assert.equal(await firstLine({ HOME: directory }, directory, "--env-file", "other"), notRead, "one file, not two");
  }));

Deno.test("$XDG_CONFIG_HOME=/dev/null is a way to say that there is no file", () =>
  inDirectory(async (directory) =>
    assert.equal(await firstLine({ XDG_CONFIG_HOME: "/dev/null" }, directory), notRead)
  ));

Deno.test("scope never reads a .env of the current directory by itself", () =>
  inDirectory(async (directory) => {
    for (const name of [".env", "env", "scope.env"]) Deno.writeTextFileSync(`${directory}/${name}`, telltale);
    assert.equal(await firstLine({}, directory), notRead);
    assert.equal(await firstLine({}, directory, "--env-file", ".env"), read, "but does when told to");
  }));

Deno.test("readEnvFile() names the line that is broken, and the names that mean nothing", () =>
  inDirectory(async (directory) => {
    const file = `${directory}/env`;
    Deno.writeTextFileSync(file, "SCOPE_NAMESPACE=shop\nSCOPE_POD web\n");
    assert.deepEqual(await scope(["--env-file", file, "list"]), {
      ...{ code: 64, stdout: "" },
      stderr: `error: Cannot read "${file}:2": the line is no NAME=VALUE\n` +
        "hint: a line is NAME=VALUE, a comment that begins with #, or empty\n",
    });
    Deno.mkdirSync(`${directory}/scope`);
    Deno.writeTextFileSync(`${directory}/scope/env`, "SCOPE_OUTPUT=telltale\nSCOPE_NAMESPCE=shop\n");
    assert.deepEqual((await scope(["list"], { env: { XDG_CONFIG_HOME: directory } })).stderr.split("\n").slice(0, 2), [
      `${directory}/scope/env:2: "SCOPE_NAMESPCE" is no variable of scope`,
      read,
    ]);
  }));
