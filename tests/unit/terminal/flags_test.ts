import assert from "node:assert/strict";
import { flags, permissions, readFlags } from "../../../src/terminal/flags.ts";

Deno.test("readFlags() reads each flag and what it is for, and no comment", () => {
  const text = "# Words about --allow-all.\n\n--quiet\n    It says\n    nothing.\n--allow-sys=uid\n    Why.\n";
  assert.deepEqual(readFlags(text), [
    { flag: "--quiet", why: "It says nothing." },
    { flag: "--allow-sys=uid", why: "Why." },
  ]);
});

Deno.test("readFlags() leaves out a flag that nobody explains, which a test below then misses", () => {
  assert.deepEqual(readFlags("--allow-ffi\n--quiet\n    Why.\n").map(({ flag }) => flag), ["--quiet"]);
});

Deno.test("flags are those of the shell scripts, each explained", async () => {
  const lib = new URL("../../../scripts/lib.sh", import.meta.url).pathname;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", '. "$0" && echo $scope_flags', lib] }).output();
  assert.deepEqual(new TextDecoder().decode(stdout).trim().split(" "), flags.map(({ flag }) => flag));
});

Deno.test("permissions allow no native libraries, no code from elsewhere and not everything", () => {
  const allowed = permissions.map(({ flag }) => flag);
  assert.ok(allowed.length > 0);
  for (const flag of ["--allow-all", "-A", "--allow-ffi", "--allow-import", "--allow-sys", "--allow-scripts"]) {
    assert.ok(!allowed.includes(flag), flag);
  }
});
