import type { AuditMode, AuditRecord } from "./audit_words.ts";
import { auditLine } from "./audit_words.ts";
import { version } from "../version.ts";
import { sayLine } from "./terminal.ts";
import { userAtHost } from "./user.ts";
import { userDirectory } from "./user_directory.ts";

/** When to begin a new file, in bytes; the one before is kept. */
const rotateBytes = 10_000_000;

/** What a run finds out meanwhile of where it works. */
export interface AuditFacts {
  context?: string;
  namespace?: string;
  pod?: string;
  selector?: string;
  target?: string;
}

/** The line of one run, written once, at its end: a run that is killed leaves none. */
export class Audit {
  readonly facts: AuditFacts = {};
  readonly #time = new Date();
  readonly #started = performance.now();
  #written = false;

  constructor(private readonly run: { command: string; mode: AuditMode; args: readonly string[] }) {}

  /** Never fails: what keeps the line from being written is told on stderr, and changes nothing else. */
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

/** Adds a line in one write, so that runs at the same time do not mix theirs. Throws what the system says. */
function append(directory: string, name: string, line: string): void {
  const path = `${directory}/${name}`, bytes = new TextEncoder().encode(line);
  Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const own = Deno.statSync(directory);
  if (((own.mode ?? 0) & 0o077) !== 0) Deno.chmodSync(directory, 0o700);
  // Nobody else can put one there meanwhile. A link could lead anywhere, and to open a FIFO waits for its reader.
  const before = lstat(path);
  if (before !== undefined && !before.isFile) throw new Error("it is no ordinary file");
  if (before !== undefined && ((before.mode ?? 0) & 0o077) !== 0) Deno.chmodSync(path, 0o600);
  if (before !== undefined && before.size + bytes.length > rotateBytes) {
    // Unless another run has just done so.
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
