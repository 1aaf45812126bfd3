import assert from "node:assert/strict";
import { commonMounts, enterArgv } from "../../../../src/manager/server/enter.ts";
import type { NamespaceKind } from "../../../../src/tool.ts";

const argv = ["ip", "address", "with blank"];
const files = { "resolv.conf": "/tmp/etc/resolv.conf", hosts: "/tmp/etc/hosts" };

Deno.test("enterArgv() without namespaces is the program itself", () => {
  assert.deepEqual(enterArgv({ pid: 7, namespaces: [], files, argv }), argv);
});

Deno.test("enterArgv() enters each namespace of that very process, and never its mounts", () => {
  const built = enterArgv({ pid: 7, namespaces: ["net", "uts", "ipc"], files: {}, argv });
  assert.deepEqual(built, [
    "nsenter",
    "--net=/proc/7/ns/net",
    "--uts=/proc/7/ns/uts",
    "--ipc=/proc/7/ns/ipc",
    "--",
    ...argv,
  ]);
});

Deno.test("enterArgv() binds the target's files in mounts of its own", () => {
  const built = enterArgv({ pid: 7, namespaces: ["net"], files, argv });
  const binds = ["--bind", "/tmp/etc/resolv.conf", "/etc/resolv.conf", "--bind", "/tmp/etc/hosts", "/etc/hosts"];
  assert.deepEqual(built, ["nsenter", "--net=/proc/7/ns/net", "--", "/opt/scope/own-mounts", ...binds, "--", ...argv]);
});

Deno.test("enterArgv() mounts /proc, protects the target's mounts and puts a reaper between, in a pid namespace", () => {
  const built = enterArgv({ pid: 7, namespaces: ["pid"], files: {}, argv });
  const adopt = ["tini", "-s", "-g", "--", "/opt/scope/reaper", "/opt/scope/run"];
  assert.deepEqual(built, [
    ...["nsenter", "--pid=/proc/7/ns/pid", "--", "/opt/scope/own-mounts", "--pid", "7", "--", ...adopt, ...argv],
  ]);
});

/** Runs the mount script, with a `mount` that prints its arguments. */
async function script(
  files: Record<string, string>,
  argv: string[],
  { namespaces = ["net", "pid"] as readonly NamespaceKind[], mountCode = 0 } = {},
) {
  const built = enterArgv({ pid: 7, namespaces, files, argv, mounts: commonMounts });
  const directory = Deno.makeTempDirSync({ prefix: "scope-enter-" });
  const program = (name: string, text: string) =>
    Deno.writeTextFileSync(`${directory}/${name}`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  program("mount", `printf 'mount'; printf ' <%s>' "$@"; echo; exit ${mountCode}`);
  program("tini", 'shift 5; exec "$@"');
  const [sh = "", ...args] = built.slice(built.indexOf("sh"));
  try {
    const { code, stdout } = await new Deno.Command(sh, { args, env: { PATH: `${directory}:/usr/bin:/bin` } }).output();
    return { code, stdout: new TextDecoder().decode(stdout) };
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("enterArgv() mounts first and then becomes the program, with its arguments as they are", async () => {
  const odd = ["printf", "<%s>", "two words", "", "$(id)", "--", "-x"];
  assert.deepEqual(await script(files, odd), {
    code: 0,
    stdout: "mount <--bind> </tmp/etc/resolv.conf> </etc/resolv.conf>\nmount <--bind> </tmp/etc/hosts> </etc/hosts>\n" +
      "mount <-t> <proc> <proc> </proc>\n<two words><><$(id)><--><-x>",
  });
});

Deno.test("enterArgv() does not run the program where it cannot mount", async () => {
  for (const [files, namespaces] of [[{}, ["pid"]], [{ hosts: "/tmp/etc/hosts" }, ["net"]]] as const) {
    const { code, stdout } = await script(files, ["echo", "ran"], { namespaces, mountCode: 1 });
    assert.equal(code, 125);
    assert.doesNotMatch(stdout, /ran/);
  }
});
