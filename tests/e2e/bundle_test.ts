import assert from "node:assert/strict";
import { CHECKOUT, outcome } from "./cluster_script.ts";

/** How many declarations of variables a bundle has that are disposed at the end of their block. */
async function disposals(entry: string, ...options: string[]): Promise<number> {
  const folder = await Deno.makeTempDir();
  try {
    const args = ["bundle", "--quiet", "--platform", "deno", "--code-splitting", "--outdir", folder, ...options];
    const { code, stderr } = await outcome(Deno.execPath(), [...args, `${CHECKOUT}/${entry}`]);
    assert.equal(code, 0, stderr);
    const texts = [...Deno.readDirSync(folder)].map(({ name }) => Deno.readTextFileSync(`${folder}/${name}`));
    // One that follows another is written as one with it by the minifier.
    const declarations = texts.join("\n").match(/(?<!\busing [^;]*;\s+(await )?)\busing [\w$]+ *=/g);
    return declarations?.length ?? 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// The minifier writes a variable that is used only once in place of its use, and forgets that it is to be disposed.
Deno.test("no bundle loses a disposal", async (t) => {
  for (const entry of ["src/edge/main.ts", "src/manager/manager.ts"]) {
    await t.step(entry, async () => {
      const whole = await disposals(entry);
      assert.ok(whole > 0);
      assert.equal(await disposals(entry, "--minify"), whole);
    });
  }
});
