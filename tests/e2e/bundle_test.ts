import assert from "node:assert/strict";
import { flags } from "../../src/terminal/flags.ts";
import { CHECKOUT, outcome } from "./cluster_script.ts";

/** Counts the `using` declarations of a bundle. */
async function disposals(entry: string, options: readonly string[]): Promise<number> {
  const directory = await Deno.makeTempDir();
  try {
    const args = ["bundle", "--quiet", "--platform", "deno", "--outdir", directory, ...options];
    const { code, stderr } = await outcome(Deno.execPath(), [...args, `${CHECKOUT}/${entry}`]);
    assert.equal(code, 0, stderr);
    const texts = [...Deno.readDirSync(directory)].map(({ name }) => Deno.readTextFileSync(`${directory}/${name}`));
    // The minifier joins consecutive declarations into one.
    const declarations = texts.join("\n").match(/(?<!\busing [^;]*;\s+(await )?)\busing [\w$]+ *=/g);
    return declarations?.length ?? 0;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

// The minifier inlines a variable that is used only once, and thereby loses its disposal.
Deno.test("no bundle loses a disposal", async (t) => {
  const split = ["--code-splitting"];
  const bundles = [["src/main.ts", split], ["src/cli/main.ts", split], ["src/one_file.ts", []], [
    "src/manager/server/manager.ts",
    split,
  ]] as const;
  for (const [entry, options] of bundles) {
    await t.step(entry, async () => {
      const whole = await disposals(entry, options);
      assert.ok(whole > 0);
      assert.equal(await disposals(entry, [...options, "--minify"]), whole);
    });
  }
});

Deno.test("help and completion scripts are the program's own, and need nothing of it", async () => {
  const { code, stderr } = await outcome(`${CHECKOUT}/scripts/bundle`, ["cli", "file"]);
  assert.equal(code, 0, stderr);
  const directory = await Deno.makeTempDir(), words = flags.map(({ flag }) => flag);
  try {
    await Deno.copyFile(`${CHECKOUT}/dist/cli/main.js`, `${directory}/main.js`);
    await outcome("cp", ["-r", `${CHECKOUT}/dist/cli/texts`, directory]);
    const lines = ["--help", "-h", "help", "ping --help", "help gdb", "copy -h", "completions zsh", "help completions"];
    for (const calledAs of ["scope", "kubectl scope"]) {
      for (const line of lines) {
        const [text, made] = await Promise.all(
          [`${directory}/main.js`, `${CHECKOUT}/dist/scope.js`].map((program) =>
            outcome(Deno.execPath(), ["run", ...words, program, ...line.split(" ")], { SCOPE_CALLED_AS: calledAs })
          ),
        );
        assert.deepEqual(text, made, `${calledAs} ${line}`);
        assert.match(text!.stdout, line.startsWith("completions") ? /compdef/ : new RegExp(`^Usage: ${calledAs} `));
      }
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
