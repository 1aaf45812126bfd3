import { execa } from "execa";
import { delay } from "../lib/delay.ts";
import { v8Flags } from "../terminal/flags.ts";
import { capabilityNames } from "../way.ts";
import type { ManagerEndpoint } from "./manager_endpoint.ts";

/** Limit for the manager to end all processes that it started, in milliseconds. */
const endMs = 6000;

const bundled = !import.meta.url.endsWith(".ts");
const pathOf = (relative: string) => decodeURIComponent(new URL(relative, import.meta.url).pathname);

/**
 * Possible paths of the manager. In the bundle this file is two directories below the one that contains both programs, or it
 * is scope as a single file, with or without a manager next to it. Otherwise it is a source file.
 */
export const managerPrograms: readonly string[] = bundled
  ? [pathOf("../../manager/manager.js"), pathOf("./manager/manager.js")]
  : [pathOf("../manager/server/manager.ts")];
const toolsOf = (program: string) => bundled ? program.replace(/\/[^/]*$/, "") : pathOf("../images/endoscope");
const flags = bundled
  ? ["--no-config", "--no-lock", "--no-remote", "--no-npm", ...v8Flags.map(({ flag }) => flag)]
  : ["--no-lock", "--config", pathOf("../../deno.json")];

/**
 * Starts a manager as a child process, with this machine as the node and this process as its only client. `path` is the search
 * path for tools. The manager ends at the end of its standard input, so it ends however this process ends.
 */
export function startLocal(deno: string, program: string, path: string): ManagerEndpoint {
  const args = [program, "--stdio", "--tools", toolsOf(program)];
  const manager = execa(deno, ["run", "--quiet", ...flags, "--allow-all", ...args], {
    // Own process group: Ctrl-C must reach the tools only through scope.
    detached: true,
    cleanup: false,
    buffer: { stdout: false, stderr: true },
    reject: false,
    stdin: "pipe",
    // Tools that are Deno programs run on the Deno that runs scope.
    env: { SCOPE_PROGRAMS: "on this machine", PATH: `${path}:${deno.replace(/\/[^/]*$/, "")}` },
  });
  const stream = manager.duplex();
  return {
    stream,
    way: "local",
    // The caller asks the manager which of these it really has.
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
