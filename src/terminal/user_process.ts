/** Standard input, as Deno.stdin. */
export interface Input {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  read(buffer: Uint8Array): Promise<number | null>;
  isTerminal(): boolean;
  setRaw(raw: boolean, options?: { cbreak: boolean }): void;
}

/** Standard output or standard error, as Deno.stdout. */
export interface Output {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

/** The process that the user has started: this one, or one for which this process works. */
export interface UserProcess {
  readonly args: readonly string[];
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Time since it was started, in milliseconds. */
  readonly ageMs: number;
  /** Size of its terminal. Throws without one. */
  consoleSize(): { columns: number; rows: number };
  /** Calls back at a signal, until disposed. */
  onSignal(name: Deno.Signal, callback: () => void): Disposable;
  /** Calls back at its exit, also at an early one, until disposed. */
  onExit(callback: () => void): Disposable;
  /** Leaves the work to that process itself, before anything is done. Undefined for this process. */
  readonly handBack?: () => Promise<never>;
  /** Ends this process with it. */
  exit(code: number): Promise<never>;
}

const thisProcess: UserProcess = {
  args: Deno.args,
  stdin: Deno.stdin,
  stdout: Deno.stdout,
  stderr: Deno.stderr,
  get ageMs() {
    return performance.now();
  },
  consoleSize: () => Deno.consoleSize(),
  onSignal(name, callback) {
    Deno.addSignalListener(name, callback);
    return { [Symbol.dispose]: () => Deno.removeSignalListener(name, callback) };
  },
  onExit(callback) {
    addEventListener("unload", callback);
    return { [Symbol.dispose]: () => removeEventListener("unload", callback) };
  },
  exit: (code) => Deno.exit(code),
};

let current = thisProcess;

/** Returns the process that the user has started. */
export function userProcess(): UserProcess {
  return current;
}

/** Lets this process work for another one; called once, before anything else. */
export function workFor(process: UserProcess): void {
  current = process;
}
