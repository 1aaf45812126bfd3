import { ScopeError } from "../../errors.ts";

/** A command that runs on this machine while logs are followed. */
export interface LocalCommand {
  readonly pid: number;
  /** Standard output of the command; empty if the command writes to the terminal itself. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Resolves to the exit code; 128 + n if signal n ended the command. */
  readonly exit: Promise<number>;
  /** Gives the command time to end by itself, then sends SIGTERM, then SIGKILL. */
  end(): void;
}

/** Time for a command to end by itself after Ctrl-C, which it receives as well, and after SIGTERM, in milliseconds. */
const ownEndMs = 500, termMs = 2000;

/**
 * Starts a command with this process's stdin and stderr, and its stdout or a pipe.
 *
 * Throws ScopeError: notFound, denied.
 */
export function startLocalCommand([program = "", ...args]: readonly string[], onTerminal: boolean): LocalCommand {
  const child = spawn(program, args, onTerminal);
  let ended = false;
  const send = (signal: Deno.Signal) => {
    try {
      if (!ended) child.kill(signal);
    } catch {
      // The command has just ended.
    }
  };
  // The command gets SIGTERM however this process ends, except when it is killed.
  const onUnload = () => send("SIGTERM");
  addEventListener("unload", onUnload);
  const timers: ReturnType<typeof setTimeout>[] = [];
  return {
    pid: child.pid,
    output: onTerminal ? noOutput() : child.stdout,
    exit: child.status.then(({ code }) => {
      ended = true;
      timers.forEach(clearTimeout);
      removeEventListener("unload", onUnload);
      return code;
    }),
    end() {
      if (!ended) {
        timers.push(
          setTimeout(() => send("SIGTERM"), ownEndMs),
          setTimeout(() => send("SIGKILL"), ownEndMs + termMs),
        );
      }
    },
  };
}

function spawn(program: string, args: string[], onTerminal: boolean): Deno.ChildProcess {
  try {
    const stdout = onTerminal ? "inherit" : "piped";
    return new Deno.Command(program, { args, stdin: "inherit", stdout, stderr: "inherit" }).spawn();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new ScopeError("notFound", `Cannot find the program "${program}" on this machine`, {
        cause,
        hint: "what stands after -- is run here, not in the pod; a container is chosen with --container",
      });
    }
    throw new ScopeError("denied", `Cannot run the program "${program}"`, {
      cause,
      hint: cause instanceof Error ? cause.message : String(cause),
    });
  }
}

async function* noOutput(): AsyncIterable<Uint8Array> {}
