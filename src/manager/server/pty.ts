import { fromCString, libc, O_CLOEXEC, O_NOCTTY, O_RDWR } from "./libc.ts";

const TIOCSWINSZ = 0x5414n;
const POLLIN = 1;
/** Limit of one poll(2), in milliseconds: the longest time until a closed terminal is noticed. */
const pollMs = 250;

export interface WindowSize {
  columns: number;
  rows: number;
}

/** A pseudo terminal, see pty(7). The program opens `path` as its terminal. */
export interface Pty extends Disposable {
  readonly path: string;
  /** Output of the program, until `hangUp` was called and everything was read. */
  readonly output: AsyncIterable<Uint8Array<ArrayBuffer>>;
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  resize(size: WindowSize): void;
  /** Call when the program has ended: the output then ends after the buffered rest. */
  hangUp(): void;
}

/** Opens a pseudo terminal. Throws when the system has none left. */
export function openPty(size: WindowSize): Pty {
  const master = libc.posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  const name = new Uint8Array(64);
  if (master < 0 || libc.grantpt(master) || libc.unlockpt(master) || libc.ptsname_r(master, name, 64n)) {
    if (master >= 0) libc.close(master);
    throw new Error("no pseudo terminal is left");
  }
  // Held open until the program has ended: reading the master fails while no process has the slave open.
  let slave = libc.open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  let closed = false;

  async function* output(): AsyncIterable<Uint8Array<ArrayBuffer>> {
    const buffer = new Uint8Array(64 * 1024);
    const wanted = new Uint8Array(8);
    while (!closed) {
      new DataView(wanted.buffer).setInt32(0, master, true);
      new DataView(wanted.buffer).setInt16(4, POLLIN, true);
      if (await libc.poll(wanted, 1n, pollMs) <= 0 || closed) continue;
      const count = Number(libc.read(master, buffer, BigInt(buffer.length)));
      if (count <= 0) return; // EIO: no process has the slave open, and all output was read
      yield buffer.slice(0, count);
    }
  }

  const pty: Pty = {
    path: fromCString(name),
    output: output(),
    async write(bytes) {
      for (let rest = bytes; rest.length > 0 && !closed;) {
        const count = Number(await libc.write(master, rest, BigInt(rest.length)));
        if (count <= 0) return;
        rest = rest.subarray(count);
      }
    },
    resize({ columns, rows }) {
      const size = new Uint16Array([rows, columns, 0, 0]);
      if (!closed) libc.ioctl(master, TIOCSWINSZ, new Uint8Array(size.buffer));
    },
    hangUp() {
      if (slave >= 0) libc.close(slave);
      slave = -1;
    },
    [Symbol.dispose]() {
      if (closed) return;
      closed = true;
      pty.hangUp();
      libc.close(master);
    },
  };
  pty.resize(size);
  return pty;
}
