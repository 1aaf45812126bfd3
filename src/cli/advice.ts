import { asking, inUsersWords } from "../app.ts";
import type { ScopeError } from "../errors.ts";
import type { Event } from "../event.ts";
import type { GlobalOptions } from "../options.ts";
import { adviceFor } from "../rights/role_advice.ts";
import type { AuditFacts } from "../terminal/audit.ts";
import { sayLine } from "../terminal/terminal.ts";

/** The run that errors and events come from: the advice contains its options. */
export interface AdvisedRun {
  /** Name of the command. */
  command: string;
  options: GlobalOptions;
  /** `namespace` is that of the options, or else of the kubeconfig's context. */
  facts: Pick<AuditFacts, "namespace">;
}

/** Prints a line of scope's own on stderr. */
export function say(text: string): void {
  sayLine(inUsersWords(text));
}

/** Returns the hint of an error. Missing rights come first, with the command line that prints a Role with them. */
export function hintFor(
  { hint, missing = [] }: Partial<Pick<ScopeError, "hint" | "missing">>,
  { command, options, facts: { namespace = "default" } }: AdvisedRun,
): string | undefined {
  if (missing.length === 0) return hint;
  const advice = adviceFor(missing, asking, command, { ...options, namespace });
  return hint === undefined ? advice : `${advice}; ${hint}`;
}

/** Adds the advice for missing rights to the hint of an event. */
export function advised(event: Event, run: AdvisedRun): Event {
  return mapHint(event, (hint, missing) => hintFor({ hint, missing }, run));
}

/** Puts the program's name, as the user called it, into the command lines of an event's hint. */
export function eventInUsersWords(event: Event): Event {
  return mapHint(event, (hint) => hint === undefined ? undefined : inUsersWords(hint));
}

function mapHint(
  event: Event,
  map: (hint: string | undefined, missing: ScopeError["missing"]) => string | undefined,
): Event {
  if (event.type !== "failed" && event.type !== "doctor.way") return event;
  const before = event.type === "failed" ? event.hint : event.remedy, hint = map(before, event.missingRights);
  if (hint === undefined || hint === before) return event;
  return event.type === "failed" ? { ...event, hint } : { ...event, remedy: hint };
}
