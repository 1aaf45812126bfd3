import assert from "node:assert/strict";
import { scope } from "../scope.ts";

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync({ prefix: "scope-record-" });
  try {
    await test(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

const failed = { code: 69, stdout: "" };

Deno.test("--record writes what stderr says, in a file of the user's own", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/cast`, env = { TERM: "xterm", SHELL: "/bin/sh", SECRET: "x" };
    const { stderr, ...rest } = await scope(["--record", path, "list"], { env });
    assert.deepEqual(rest, failed);
    const [header, ...events] = Deno.readTextFileSync(path).trimEnd().split("\n").map((line) => JSON.parse(line));
    const { timestamp, ...known } = header;
    assert.deepEqual(known, {
      ...{ version: 2, width: 80, height: 24, command: "scope list", env: { TERM: "xterm", SHELL: "/bin/sh" } },
    });
    assert.ok(Math.abs(Date.now() / 1000 - timestamp) < 600);
    assert.equal(events.map(([, code, text]) => code + text).join(""), `o${stderr.replaceAll("\n", "\r\n")}`);
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  }));

Deno.test("--record refuses a file that is there, and a place where none can be, before anything is done", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/there`;
    Deno.writeTextFileSync(path, "mine");
    assert.deepEqual(await scope(["--record", path, "list"]), {
      ...{ code: 64, stdout: "" },
      stderr: `error: There is a file "${path}" already\nhint: give --record another name, or remove that file\n`,
    });
    assert.equal(Deno.readTextFileSync(path), "mine");
    Deno.symlinkSync(`${directory}/elsewhere`, `${directory}/link`);
    assert.equal((await scope(["--record", `${directory}/link`, "list"])).code, 64);
    assert.deepEqual(await scope(["--record", `${directory}/no/cast`, "list"]), {
      ...{ code: 68, stdout: "" },
      stderr: `error: Cannot write the file "${directory}/no/cast"\n` +
        "hint: make its directory, or give --record another name\n",
    });
    assert.equal((await scope(["--record", `${path}/cast`, "list"])).code, 77);
  }));
