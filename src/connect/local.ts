import { execa } from "execa";
import { delay } from "../lib/delay.ts";
import { capabilityNames } from "../way.ts";
import type { ManagerEndpoint } from "./manager_endpoint.ts";

/** How long the manager may take to end all that it started, in milliseconds. */
const endMs = 6000;

const bundled = !import.meta.url.endsWith(".ts");
const pathOf = (relative: string) => decodeURIComponent(new URL(relative, import.meta.url).pathname);

/**
 * Where the manager may be. In the bundle, this file is two directories below that of both programs, or it is all of scope in one
 * file, with or without a manager beside it; else it is a source file.
 */
export const managerPrograms: readonly string[] = bundled
  ? [pathOf("../../manager/manager.js"), pathOf("./manager/manager.js")]
  : [pathOf("../manager/server/manager.ts")];
const toolsOf = (program: string) => bundled ? program.replace(/\/[^/]*$/, "") : pathOf("../images/endoscope");
const flags = bundled
  ? ["--no-config", "--no-lock", "--no-remote", "--no-npm"]
  : ["--no-lock", "--config", pathOf("../../deno.json")];

/**
 * This machine is the node: the manager is a process of this one, and its client the only one. `path` is where tools are looked for. It is told by the end of
 * its standard input to end, however this process ends.
 */
export function startLocal(deno: string, program: string, path: string): ManagerEndpoint {
  const own = [program, "--stdio", "--tools", toolsOf(program)];
  const manager = execa(deno, ["run", "--quiet", ...flags, "--allow-all", ...own], {
    // What Ctrl-C means is for the tools to hear from scope.
    detached: true,
    cleanup: false,
    buffer: { stdout: false, stderr: true },
    reject: false,
    stdin: "pipe",
    // Tools that are programs of Deno run on the one that scope runs on.
    env: { SCOPE_PROGRAMS: "on this machine", PATH: `${path}:${deno.replace(/\/[^/]*$/, "")}` },
  });
  const stream = manager.duplex();
  return {
    stream,
    way: "local",
    // Which of these it has is asked for.
    capabilities: new Set(capabilityNames),
    name: `${manager.pid}`,
    place: "a process on this machine",
    created: true,
    found: false,
    async whyEnded() {
      const { stderr, exitCode, signal, originalMessage } = await manager;
      return stderr?.trim() || originalMessage || `it ended (${signal ?? `exit code ${exitCode}`})`;
    },
    async [Symbol.asyncDispose]() {
      stream.destroy();
      const limit = new AbortController();
      await Promise.race([manager, delay(endMs, limit.signal)]);
      limit.abort();
    },
  };
}
