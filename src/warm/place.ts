import { thisProgram } from "../terminal/this_program.ts";
import type { LastUse } from "../cli/last_use.ts";
import { version } from "../version.ts";

/** Where this program's worker waits. */
export interface WorkerPlace {
  /** Directory of this user alone. */
  directory: string;
  /** Identifies the program's file, its permissions, and the variables that Deno reads when it starts: equal on both ends. */
  key: string;
  /** Mode that this process gives to new files. */
  mode: number;
  /** Socket of the worker that waits. */
  socket: string;
  /** File that the worker locks while it waits. */
  lock: string;
}

/** Variables that are read once, when a process starts. */
const atStart = /^(?:DENO_|NODE_|SSL_CERT_|LANG$|LC_|LANGUAGE$|TZ$)/;

/** Returns true if commands are to find a worker. */
export function isWarm(): boolean {
  if (Deno.env.get("SCOPE_WARM") === "off" || Deno.env.get("CI") || Deno.build.os === "windows") return false;
  return !Deno.mainModule.endsWith(".ts"); // the sources change without their first file
}

/** Returns the place of this program's worker, and makes its directory; undefined where none is wanted or possible. */
export async function placeOfWorker(): Promise<WorkerPlace | undefined> {
  if (!isWarm()) return undefined;
  try {
    return await placeIn(Deno.env.toObject());
  } catch {
    return undefined;
  }
}

/** Returns true while a program that starts now has the same key. */
export function isCurrent(key: string): boolean {
  try {
    return isWarm() && keyOf(Deno.env.toObject()) === key;
  } catch {
    return false; // the program was removed
  }
}

async function placeIn(env: Readonly<Record<string, string>>): Promise<WorkerPlace> {
  const key = keyOf(env), directory = makeDirectory(env), name = `${directory}/worker-${await hashOf(key)}`;
  return { directory, key, mode: modeOfNewFiles(directory), socket: `${name}.sock`, lock: `${name}.lock` };
}

function keyOf(env: Readonly<Record<string, string>>): string {
  const program = Deno.build.standalone ? Deno.execPath() : decodeURIComponent(new URL(Deno.mainModule).pathname);
  const { dev, ino, size, mtime } = Deno.statSync(program);
  const variables = Object.keys(env).filter((name) => atStart.test(name)).sort().map((name) => [name, env[name]]);
  const made = [program, dev, ino, size, mtime?.getTime()];
  return JSON.stringify([version, Deno.version.deno, ...made, permissions(), variables]);
}

/** Returns which permissions this process has: a worker does nothing that its program may not do. */
function permissions(): string[] {
  const names = ["net", "read", "write", "env", "run"] as const, sys = ["hostname", "uid"] as const;
  const asked = [...names.map((name) => ({ name })), ...sys.map((kind) => ({ name: "sys", kind }) as const)];
  return asked.map((one) => Deno.permissions.querySync(one).state);
}

/** Returns the directory of this user's sockets, and makes it. Throws if it is somebody else's, or others may enter it. */
function makeDirectory(env: Readonly<Record<string, string>>): string {
  const directory = directoryOf(env);
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  assertOwn(directory);
  return directory;
}

/** Returns the same directory, undefined if it does not exist. Throws as well. */
export function existingDirectory(): string | undefined {
  try {
    const directory = directoryOf(Deno.env.toObject());
    assertOwn(directory);
    return directory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function directoryOf(env: Readonly<Record<string, string>>): string {
  const given = env.XDG_RUNTIME_DIR ?? "", uid = Deno.uid();
  // With sudo it may be another user's. One that is gone means that the user has logged out.
  const isOwn = given.startsWith("/") && Deno.statSync(given).uid === uid;
  return isOwn ? `${given}/scope` : `${env.TMPDIR || "/tmp"}/scope-${uid}`;
}

function assertOwn(directory: string): void {
  const { isDirectory, uid, mode } = Deno.lstatSync(directory);
  if (!isDirectory || uid !== Deno.uid() || ((mode ?? 0) & 0o077) !== 0) {
    throw new Error(`${directory} is not a directory of this user alone`);
  }
}

/** Returns the mode that the mask of this process gives to new files: Deno tells the mask itself only with more permissions. */
function modeOfNewFiles(directory: string): number {
  const path = `${directory}/mode.${Deno.pid}`;
  Deno.openSync(path, { createNew: true, write: true, mode: 0o666 }).close();
  const { mode } = Deno.lstatSync(path);
  Deno.removeSync(path);
  return (mode ?? 0) & 0o777;
}

/** Variable by which a worker is told what the last command used. */
const lastUseVariable = "SCOPE_LAST_USE";

/** Returns what the last command used. */
export function lastUse(): LastUse {
  return JSON.parse(Deno.env.get(lastUseVariable) ?? "{}");
}

/** Starts the worker of the next command, in the background, unless there is one. */
export function startWorker({ lock }: WorkerPlace, last: LastUse = {}): void {
  try {
    if (isLocked(lock)) return;
    new Deno.Command(Deno.execPath(), {
      args: [...thisProgram(), "worker", "wait"],
      // Only these variables: it takes over those of its command.
      ...{
        clearEnv: true,
        env: { ...variablesOfWorker(), [lastUseVariable]: JSON.stringify(last) },
        cwd: "/",
        detached: true,
      },
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).spawn().unref();
  } catch {
    // The next command does without.
  }
}

function isLocked(path: string): boolean {
  try {
    // Not `using`: the minifier inlines a variable that is used once, and it would not be closed.
    const file = Deno.openSync(path, { write: true });
    try {
      return !file.tryLockSync(true);
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function variablesOfWorker(): Record<string, string> {
  const wanted = /^(?:HOME|PATH|TMPDIR|XDG_RUNTIME_DIR|KUBECONFIG|KUBERNETES_SERVICE_\w+|\w+_proxy)$/i;
  const env = Object.entries(Deno.env.toObject());
  return Object.fromEntries(env.filter(([name]) => wanted.test(name) || atStart.test(name)));
}

async function hashOf(text: string): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...sum.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
