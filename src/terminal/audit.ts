import type { AuditMode, AuditRecord } from "./audit_words.ts";
import { auditLine } from "./audit_words.ts";
import { version } from "../version.ts";
import { sayLine } from "./terminal.ts";
import { userAtHost } from "./user.ts";
import { userDirectory } from "./user_directory.ts";

/** Size at which a new file begins, in bytes; the previous file is kept. */
const rotateBytes = 10_000_000;

/** Facts about the target that a run collects. */
export interface AuditFacts {
  context?: string;
  namespace?: string;
  pod?: string;
  selector?: string;
  target?: string;
}

/** The audit line of one run, written once, at its end: a killed run leaves none. */
export class Audit {
  readonly facts: AuditFacts = {};
  readonly #time = new Date();
  readonly #started = performance.now();
  #written = false;

  constructor(private readonly run: { command: string; mode: AuditMode; args: readonly string[] }) {}

  /** Writes the line. Never fails: an error is printed on stderr, and changes nothing else. */
  end(exitCode: number): void {
    const { command, mode, args } = this.run;
    if (this.#written || mode === "off") return;
    this.#written = true;
    const directory = userDirectory("XDG_STATE_HOME", ".local/state");
    if (directory === undefined) return;
    try {
      const record: AuditRecord = {
        time: this.#time.toISOString(),
        user: userAtHost(),
        command,
        ...this.facts,
        exitCode,
        durationMs: Math.round(performance.now() - this.#started),
        version,
        ...(mode === "args" ? { args } : {}),
      };
      append(directory, "audit.log", auditLine(record));
    } catch (error) {
      const why = error instanceof Error ? error.message.replace(/: (open|mkdir|lstat|chmod|rename) .*$/, "") : error;
      sayLine(`cannot write the audit log "${directory}/audit.log": ${why}; SCOPE_AUDIT=off does without`);
    }
  }
}

/** Appends a line in one write, so that lines of concurrent runs do not mix. Throws the system's errors. */
function append(directory: string, name: string, line: string): void {
  const path = `${directory}/${name}`, bytes = new TextEncoder().encode(line);
  Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const info = Deno.statSync(directory);
  if (((info.mode ?? 0) & 0o077) !== 0) Deno.chmodSync(directory, 0o700);
  // No race: no other user can create files in this directory. A symlink could lead anywhere, and opening a FIFO waits for its
  // reader.
  const before = lstat(path);
  if (before !== undefined && !before.isFile) throw new Error("it is no ordinary file");
  if (before !== undefined && ((before.mode ?? 0) & 0o077) !== 0) Deno.chmodSync(path, 0o600);
  if (before !== undefined && before.size + bytes.length > rotateBytes) {
    // Unless another run has just rotated it.
    if (lstat(path)?.ino === before.ino) Deno.renameSync(path, `${path}.1`);
  }
  const file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
  let count = 0;
  try {
    count = file.writeSync(bytes);
  } finally {
    file.close();
  }
  if (count < bytes.length) throw new Error("No space is left for all of the line");
}

function lstat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
