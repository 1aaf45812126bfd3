/** Kinds of frames between the program that the user started and its worker; the comment says what a frame carries. */
export const kinds = {
  /** Worker: Greeting. */
  greeting: 0,
  /** Program: Hello, which hands the command over. */
  hello: 1,
  /** Program: the worker ends without a command. */
  end: 2,
  /** Worker: it has begun. */
  taken: 3,
  /** Worker: has done nothing, and the program does the work itself. */
  handBack: 4,
  /** Program: every `beatMs`. Worker: every second. */
  beat: 5,
  /** Worker: wants input. */
  read: 6,
  /** Program: bytes of its input, none at its end. */
  input: 7,
  /** Worker: bytes of output. */
  stdout: 8,
  stderr: 9,
  /** Program: Wrote. */
  wrote: 10,
  /** Worker: RawMode. */
  raw: 11,
  /** Program: the name of a signal. */
  signal: 12,
  /** Program: Size. */
  size: 13,
  /** Worker: stops now, and so may the program. */
  stop: 14,
  /** Worker: the exit code; the last frame. */
  exit: 15,
} as const;

export type Kind = (typeof kinds)[keyof typeof kinds];

/** A worker presents itself. */
export interface Greeting {
  /** Both ends must have the same one. */
  key: string;
  pid: number;
  /** Time of its start, in ISO 8601. */
  since: string;
  /** A TCP port of 127.0.0.1 that it has taken, and uses for nothing: taken in the program's network, too, if it is the same. */
  port: number;
  residentBytes: number;
  /** The manager that it is connected to, as `NAMESPACE/POD/CONTAINER`. */
  manager?: string;
}

/** The process that the user started. */
export interface Hello {
  pid: number;
  args: readonly string[];
  directory: string;
  /** Mode of a new file. */
  mode: number;
  env: Readonly<Record<string, string>>;
  terminals: Readonly<Record<"stdin" | "stdout" | "stderr", boolean>>;
  size: Size | undefined;
  ageMs: number;
}

/** Size of a terminal. */
export interface Size {
  columns: number;
  rows: number;
}

export interface RawMode {
  raw: boolean;
  cbreak: boolean;
}

export type Stream = "stdout" | "stderr";

/** The program has written bytes, or could not. */
export interface Wrote {
  stream: Stream;
  bytes: number;
  error?: { pipe: boolean; message: string };
}

export interface Frame {
  kind: Kind;
  bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Interval between the program's beats, in milliseconds. A redirect lends its ports for 3 s, and they are to go back to the pod
 * within 3.5 s after the program was stopped.
 */
export const beatMs = 100;

/** Bytes before a frame: its kind, and the length of its bytes. */
const headBytes = 5, readBytes = 128 * 1024;

/** A connection between the program and its worker. */
export class Link implements Disposable {
  #sent: Promise<unknown> = Promise.resolve();

  constructor(private readonly connection: Deno.Conn) {}

  /** Sends a frame, after all others. A lost connection shows at the end of `frames()`. */
  send(kind: Kind, bytes: Uint8Array = new Uint8Array()): void {
    const frame = new Uint8Array(headBytes + bytes.length);
    frame[0] = kind;
    new DataView(frame.buffer).setUint32(1, bytes.length);
    frame.set(bytes, headBytes);
    this.#sent = this.#sent.then(() => this.#write(frame)).catch(() => {});
  }

  /** Sends a value as JSON. */
  tell(kind: Kind, value: unknown): void {
    this.send(kind, new TextEncoder().encode(JSON.stringify(value)));
  }

  /** Resolves when all frames are sent, or the connection is lost. */
  async flush(): Promise<void> {
    await this.#sent;
  }

  /** Yields the other end's frames until the connection ends. */
  async *frames(): AsyncIterable<Frame> {
    let buffer = new Uint8Array(readBytes), filled = 0;
    for (;;) {
      let start = 0, length = headBytes;
      while (filled - start >= headBytes) {
        length = headBytes + new DataView(buffer.buffer, start).getUint32(1);
        if (filled - start < length) break;
        yield { kind: buffer[start] as Kind, bytes: buffer.slice(start + headBytes, start + length) };
        start += length;
      }
      // Keep the beginning of the next frame, which may be larger than the buffer.
      const rest = buffer.subarray(start, filled);
      if (length > buffer.length) buffer = new Uint8Array(length);
      buffer.set(rest);
      filled = rest.length;
      const count = await this.connection.read(buffer.subarray(filled)).catch(() => null);
      if (count === null) return;
      filled += count;
    }
  }

  [Symbol.dispose](): void {
    try {
      this.connection.close();
    } catch {
      // It is closed already.
    }
  }

  async #write(frame: Uint8Array): Promise<void> {
    for (let rest = frame; rest.length > 0;) rest = rest.subarray(await this.connection.write(rest));
  }
}

/** Reads a value that was sent as JSON. */
export function told<T>({ bytes }: Frame): T {
  return JSON.parse(new TextDecoder().decode(bytes)) as T;
}
