import { inUsersWords, parse } from "../app.ts";
import { auditMode } from "../terminal/audit_words.ts";
import { programNameVariable, setProgramName } from "../text/program_name.ts";
import { describe } from "../text/error_text.ts";
import { ScopeError, toScopeError } from "../errors.ts";
import { defined } from "../lib/defined.ts";
import { oneLine } from "../lib/one_line.ts";
import { resolveOptions } from "../options.ts";
import type { GlobalOptions, RawOptions } from "../options.ts";
import { Audit, type AuditFacts } from "../terminal/audit.ts";
import { type AdvisedRun, hintFor, say } from "./advice.ts";
import { readEnvFile } from "./config.ts";
import { makeContext } from "./context.ts";
import { Interrupt, signals } from "../terminal/interrupt.ts";
import { type Recording, startRecording } from "../terminal/recorder.ts";
import { ClosedPipe, endWritesOn, sayLine, windowSize, writeAll } from "../terminal/terminal.ts";
import { helpWidth } from "../text/written_texts.ts";
import { userProcess } from "../terminal/user_process.ts";

const encoder = new TextEncoder();

export { lastUse } from "./last_use.ts";

/** Loads what serves other processes, and makes the next command quick. */
export const loadAhead = () => import("./ahead.ts");

/** Runs one command line and returns the exit code of the process. */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupt = new Interrupt(), here = userProcess();
  setProgramName(Deno.env.get(programNameVariable));
  endWritesOn(interrupt.signal);
  let audit: Audit | undefined, recording: Recording | undefined, run: AdvisedRun | undefined;
  /** Writes the audit line; called at every end of a run that can be caught. */
  const ending = (code: number): number => {
    audit?.end(code);
    return code;
  };
  for (const name of Object.keys(signals) as (keyof typeof signals)[]) {
    here.onSignal(name, () => void (interrupt.raise(name) && here.exit(ending(interrupt.code!))));
  }
  let verbose = argv.includes("-v") || argv.includes("--verbose");
  // Uncaught errors are printed like all others, never as a stack trace.
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    void here.exit(ending(report(event.reason, { interrupt, verbose, run })));
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    void here.exit(ending(report(event.error, { interrupt, verbose, run })));
  });
  try {
    const invocation = parse(argv, {
      out: (text) => writeAll(userProcess().stdout, encoder.encode(inUsersWords(text))),
      err: (text) => writeAll(userProcess().stderr, encoder.encode(inUsersWords(text))),
      width: helpWidth(userProcess().stdout.isTerminal() ? windowSize().columns : undefined),
    });
    if (invocation === undefined) return 0;
    const { command, globals, options, args } = invocation;
    if (command.ownProcess?.(args)) await here.handBack?.();
    const file = typeof globals.envFile === "string" ? globals.envFile : undefined;
    const env = Deno.env.toObject();
    const audited = (mode: string | undefined) => {
      if (command.name !== "completions") {
        audit = new Audit({ command: command.name, mode: auditMode(mode), args: argv });
      }
    };
    audited(env.SCOPE_AUDIT);
    const variables = readEnvFile(file, sayLine);
    if (env.SCOPE_AUDIT === undefined) audited(variables.SCOPE_AUDIT);
    const resolved = resolveOptions(globals as RawOptions, env, variables);
    verbose = resolved.verbose;
    // sudo, for example, asks at the terminal.
    if (resolved.via === "local") await here.handBack?.();
    if (resolved.record !== undefined) recording = startRecording(resolved.record, command.name);
    const facts = Object.assign(audit?.facts ?? {}, given(resolved));
    run = { command: command.name, options: resolved, facts };
    const context = makeContext({ command, options: resolved, interrupt, facts });
    return ending(await command.run(context, options, args));
  } catch (error) {
    const code = report(error, { interrupt, verbose, run });
    if (error instanceof ScopeError && error.kind === "usage") recording?.discard();
    return ending(code);
  }
}

/** Returns the facts about the target in the options. */
function given({ context, namespace, pod, selector, targetGiven }: GlobalOptions): AuditFacts {
  return defined({ context, namespace, ...targetGiven ? { pod, selector } : {} });
}

interface How {
  interrupt: Interrupt;
  verbose: boolean;
  /** Undefined before the command line was read. */
  run: AdvisedRun | undefined;
}

/** Prints an error and returns its exit code. */
function report(error: unknown, { interrupt: { code, signal }, verbose, run }: How): number {
  if (error instanceof ClosedPipe) return code ?? 0;
  // Failures during an interrupt are caused by it.
  if (signal.aborted && !(error instanceof ScopeError && error.kind !== "bug")) return code ?? 0;
  const scopeError = toScopeError(error);
  const { message, hint } = scopeError;
  say(describe({ message, hint: run === undefined ? hint : hintFor(scopeError, run) }));
  if (verbose) {
    for (let cause = scopeError.cause, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
      sayLine(`cause: ${oneLine(cause.message)}`);
    }
  }
  return scopeError.exitCode;
}
