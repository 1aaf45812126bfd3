import assert from "node:assert/strict";
import { replaceFiles } from "../../../scripts/src/bundle/replace.ts";
import { copyIfDifferent, filesBelow } from "../../../scripts/src/lib/files.ts";
import { TemporaryDirectory } from "../../../scripts/src/lib/temporary.ts";

function write(directory: string, files: Readonly<Record<string, string>>) {
  Deno.mkdirSync(`${directory}/cli`, { recursive: true });
  for (const [file, text] of Object.entries(files)) Deno.writeTextFileSync(`${directory}/${file}`, text);
}

Deno.test("a new bundle keeps the chunks of the last one, for a day, and lists only its own files", () => {
  using directory = new TemporaryDirectory();
  const part = `${directory.path}/part`, out = `${directory.path}/out`;
  write(out, { "main.js": "old", "cli/run-OLD.js": "old", "cli/run-OLDER.js": "older" });
  const older = new Date(Date.now() - 25 * 60 * 60 * 1000);
  for (const file of ["main.js", "cli/run-OLDER.js"]) Deno.utimeSync(`${out}/${file}`, older, older);
  write(part, { "main.js": "new", "cli/main.js": "new", "cli/run-NEW.js": "new" });
  replaceFiles(part, out);
  assert.deepEqual(filesBelow(out), ["cli/main.js", "cli/run-NEW.js", "cli/run-OLD.js", "files", "main.js"]);
  assert.equal(Deno.readTextFileSync(`${out}/main.js`), "new");
  assert.equal(Deno.readTextFileSync(`${out}/files`), "./cli/main.js\n./cli/run-NEW.js\n./main.js\n");
});

Deno.test("chunks are in place before the entries that load them", () => {
  using directory = new TemporaryDirectory();
  const part = `${directory.path}/part`, out = `${directory.path}/out`;
  write(part, { "main.js": "new", "zebra-NEW.js": "new" });
  // A directory in place of the last chunk makes the replacement fail there.
  Deno.mkdirSync(`${out}/zebra-NEW.js`, { recursive: true });
  assert.throws(() => replaceFiles(part, out));
  assert.deepEqual([...Deno.readDirSync(out)].map(({ name }) => name).sort(), ["files", "zebra-NEW.js"]);
});

Deno.test("a file is copied with its mode, and only if it differs", () => {
  using directory = new TemporaryDirectory();
  const from = `${directory.path}/run`, to = `${directory.path}/dist/run`;
  Deno.writeTextFileSync(from, "one");
  Deno.chmodSync(from, 0o755);
  copyIfDifferent(from, to);
  const first = Deno.statSync(to);
  assert.equal(first.mode! & 0o777, 0o755);
  copyIfDifferent(from, to);
  assert.equal(Deno.statSync(to).ino, first.ino);
  Deno.writeTextFileSync(from, "two");
  copyIfDifferent(from, to);
  assert.equal(Deno.readTextFileSync(to), "two");
  assert.notEqual(Deno.statSync(to).ino, first.ino, "a running program keeps its file");
  assert.deepEqual(filesBelow(`${directory.path}/dist`), ["run"]);
});
