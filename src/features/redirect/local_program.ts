import type { LocalProgram } from "../../manager/client/cycle_link.ts";
import { parseListening } from "../../lib/proc.ts";

/** Limit for the search, in milliseconds: a connection waits for it. */
const connectionMs = 800;

/**
 * Prints the sockets of this machine, the open files of its processes, and their names; without /proc, the output of lsof. Deno
 * itself may not read /proc.
 */
const look = "cd /proc 2>/dev/null || exec lsof -nP -a -iTCP:$1 -sTCP:LISTEN -Fpc; " +
  "cat self/net/tcp self/net/tcp6; echo --; ls -l [0-9]*/fd; echo --; grep . [0-9]*/comm";

/** Returns the local program that listens on an address such as `localhost:8080`, if this user may see it within `limitMs`. */
export async function programAt(local: string, limitMs = connectionMs): Promise<LocalProgram | undefined> {
  const at = local.lastIndexOf(":"), host = local.slice(0, at), port = local.slice(at + 1);
  if (!/^(localhost|127\..*|\[::1\])$/.test(host)) return undefined;
  try {
    const args = ["-c", look, "sh", port], signal = AbortSignal.timeout(limitMs);
    const { stdout } = await new Deno.Command("sh", { args, stdin: "null", stderr: "null", signal }).output();
    return listenerIn(new TextDecoder().decode(stdout), Number(port));
  } catch {
    return undefined; // no sh on this machine
  }
}

/** Finds the listener in the printed text. */
export function listenerIn(text: string, port: number): LocalProgram | undefined {
  const found = /^p(\d+)\nc(.*)/.exec(text);
  if (found !== null) return { pid: Number(found[1]), name: found[2]! };
  const [tcp = "", files = "", names = ""] = text.split(/^--\n/m);
  const sockets = new Set([...parseListening(tcp)].filter(([, of]) => of === port).map(([inode]) => inode));
  const open = files.split(/^(?=\d+\/fd:$)/m).find((of) =>
    of.matchAll(/ -> socket:\[(\d+)\]$/gm).some(([, inode]) => sockets.has(inode!))
  );
  const pid = open === undefined ? 0 : parseInt(open);
  const name = new RegExp(`^${pid}/comm:(.*)$`, "m").exec(names)?.[1];
  return name === undefined ? undefined : { name, pid };
}
