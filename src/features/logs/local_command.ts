import { ScopeError } from "../../errors.ts";

/** A command of this machine that runs in the user's place. */
export interface LocalCommand {
  readonly pid: number;
  /** What it prints on stdout, unless it writes to the terminal itself. */
  readonly output: AsyncIterable<Uint8Array>;
  /** 128 + n when signal n ended it. */
  readonly exit: Promise<number>;
  /** Lets it end, and then makes it. */
  end(): void;
}

/** How long a command may take to end by itself after Ctrl-C, which it hears of as well, and after SIGTERM; milliseconds. */
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
      // it has just ended
    }
  };
  // However this process ends, unless it is killed, the command hears of it.
  const onUnload = () => send("SIGTERM");
  addEventListener("unload", onUnload);
  const timers: ReturnType<typeof setTimeout>[] = [];
  return {
    pid: child.pid,
    output: onTerminal ? nothing() : child.stdout,
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

async function* nothing(): AsyncIterable<Uint8Array> {}
