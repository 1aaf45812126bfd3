/** The record of a run in the audit log. */
export interface AuditRecord {
  /** Start time, RFC 3339 UTC. */
  time: string;
  /** `user@host`. */
  user: string;
  command: string;
  context?: string;
  namespace?: string;
  /** The target as given: `-p`, or `-l` with its labels. */
  pod?: string;
  selector?: string;
  /** `namespace/pod:container` of the target, if the run connected to one. */
  target?: string;
  exitCode: number;
  durationMs: number;
  version: string;
  /** The command line, only if the user enabled it: arguments may be secrets. */
  args?: readonly string[];
}

/** Modes of the audit log: no line, a line, or a line with the arguments. */
export type AuditMode = "on" | "off" | "args";

/** Parses $SCOPE_AUDIT. An unknown word counts as on: a typing error must not hide a run. */
export function auditMode(text: string | undefined): AuditMode {
  return text === "off" || text === "args" ? text : "on";
}

/** Limit of all arguments together, in characters. */
const longest = 8192;

/** Formats a record as one line of JSON. */
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
