/** What a run leaves in the audit log. */
export interface AuditRecord {
  /** When it began, RFC 3339 UTC. */
  time: string;
  /** `user@host`. */
  user: string;
  command: string;
  context?: string;
  namespace?: string;
  /** As it was given: `-p`, or `-l` with its labels. */
  pod?: string;
  selector?: string;
  /** `namespace/pod:container` of what was entered, where that is one. */
  target?: string;
  exitCode: number;
  durationMs: number;
  version: string;
  /** The command line, where the user asked for that: words of it may be secrets. */
  args?: readonly string[];
}

/** Whether a run leaves a line, and whether with its arguments. */
export type AuditMode = "on" | "off" | "args";

/** What $SCOPE_AUDIT says. An unknown word counts as on: a slip must not leave a run out. */
export function auditMode(text: string | undefined): AuditMode {
  return text === "off" || text === "args" ? text : "on";
}

/** More of a command line only fills the log, in characters. */
const longest = 8192;

/** One line of JSON. */
export function auditLine({ args, ...record }: AuditRecord): string {
  if (args === undefined) return `${JSON.stringify(record)}\n`;
  let left = longest;
  const kept = args.map((word) => {
    const part = word.slice(0, Math.max(0, left));
    left -= word.length;
    return part === word ? word : `${part}…`;
  });
  return `${JSON.stringify({ ...record, args: left < 0 ? kept.filter((word) => word !== "…") : kept })}\n`;
}
