import { ClusterError } from "./errors.ts";
import { until } from "./wait.ts";

/** Unique identity of a process: a pid is reused, but not with the same start time in the same boot. */
export interface Identity {
  readonly pid: number;
  /** Clock ticks since boot; field 22 of /proc/PID/stat (man 5 proc). */
  readonly start: string;
  readonly boot: string;
}

/** Parses pid, parent, state and start time of a line of /proc/PID/stat; returns undefined for other text. */
export function parseStat(line: string): { pid: number; state: string; parent: number; start: string } | undefined {
  // The name in parentheses may contain spaces and parentheses itself.
  const fields = /^(\d+) \(.*\) (.+)$/s.exec(line.trim());
  const [state, parent, ...rest] = fields?.[2]?.split(" ") ?? [];
  const start = rest[17];
  if (fields?.[1] === undefined || state === undefined || parent === undefined || start === undefined) return undefined;
  return { pid: Number(fields[1]), state, parent: Number(parent), start };
}

/** Parses a pid file: the id of the boot, then the process's own line of /proc/PID/stat. */
export function parsePidFile(text: string): Identity | undefined {
  const [boot, ...stat] = text.split("\n");
  const parsed = parseStat(stat.join("\n"));
  return boot === undefined || parsed === undefined ? undefined : { pid: parsed.pid, start: parsed.start, boot };
}

/** Returns true when exactly this process still runs and is not a zombie. */
export function alive(process: Identity): boolean {
  try {
    if (Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim() !== process.boot) return false;
    const stat = parseStat(Deno.readTextFileSync(`/proc/${process.pid}/stat`));
    return stat !== undefined && stat.start === process.start && stat.state !== "Z" && stat.state !== "X";
  } catch {
    return false;
  }
}

/** Returns the children of a process. */
export function children(pid: number): number[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/**
 * Kills the processes, and returns when they are gone. By SIGKILL, because an API server takes a minute to end after
 * SIGTERM.
 */
export async function kill(processes: readonly Identity[]): Promise<void> {
  for (const process of processes) {
    try {
      if (alive(process)) Deno.kill(process.pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  await until("the killed processes to end", 10, () => !processes.some(alive));
}

/** Returns the environment of all started processes: without the caller's proxies and settings, and with another home. */
export function environment(bin: string, home: string): Record<string, string> {
  return { PATH: `${bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: home };
}

// The process writes its pid file before it executes the program, so that it never runs unrecorded.
const BECOME = `read -r stat </proc/$$/stat
{ cat /proc/sys/kernel/random/boot_id; printf '%s\\n' "$stat"; } >"$1"
log=$2; shift 2
exec "$@" >>"$log" 2>&1`;

export interface StartOptions {
  readonly pidFile: string;
  readonly log: string;
  readonly env: Record<string, string>;
  readonly cwd: string;
  readonly stdin?: "null" | "piped";
}

/** Starts a program that outlives this process, in a session of its own. */
export function start(argv: readonly string[], options: StartOptions): Deno.ChildProcess {
  const child = new Deno.Command("sh", {
    args: ["-c", BECOME, "sh", options.pidFile, options.log, ...argv],
    clearEnv: true,
    env: options.env,
    cwd: options.cwd,
    stdin: options.stdin ?? "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  child.unref();
  return child;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Called with each line of stderr. */
  readonly onLine?: (line: string) => void;
}

/** Runs a program to its end and returns its stdout. Throws a ClusterError with the last lines of stderr. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const [program = "", ...args] = argv;
  let child;
  try {
    child = new Deno.Command(program, {
      args,
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      ...(options.env && { env: options.env }),
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.signal && { signal: options.signal }),
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ClusterError(`Cannot find the program "${program}"`);
  }
  const feed = async () => {
    if (options.stdin === undefined) return;
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin)).then(() => writer.close()).catch(() => {});
  };
  const [stdout, stderr, status] = await Promise.all([
    new Response(child.stdout).text(),
    lines(child.stderr, options.onLine),
    child.status,
    feed(),
  ]);
  options.signal?.throwIfAborted();
  if (!status.success) {
    const why = stderr.slice(-8).join("\n").trim();
    throw new ClusterError(`Cannot run "${argv.slice(0, 4).join(" ")}" (exit code ${status.code}): ${why}`);
  }
  return stdout;
}

async function lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>, onLine?: (line: string) => void) {
  const all: string[] = [];
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      all.push(line);
      onLine?.(line);
    }
  }
  if (rest !== "") all.push(rest);
  return all;
}
