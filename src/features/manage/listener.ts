import type { ServeOptions } from "./command.ts";
import { ScopeError } from "../../errors.ts";
import type { ErrorKind } from "../../errors.ts";
import type { Forwarder } from "../../manager/client/forward.ts";

/** An open door. Disposing closes it and removes what it left in the file system; so does the end of this process. */
export interface Door extends AsyncDisposable {
  /** As gRPC names addresses: `unix:/run/…` or `127.0.0.1:8087`. */
  readonly address: string;
}

/** Lets a forwarder listen. Throws ScopeError: usage, notFound, unreachable where something is there already, denied. */
export async function openDoor(forwarder: Forwarder, { socket, port }: ServeOptions): Promise<Door> {
  if (port !== undefined) {
    await listen(forwarder, { host: "127.0.0.1", port });
    return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => forwarder[Symbol.asyncDispose]() };
  }
  const directory = socket === undefined ? await privateDirectory() : undefined;
  const path = directory === undefined ? absolute(socket!) : `${directory}/manager.sock`;
  const remove = () => {
    try {
      Deno.removeSync(directory ?? path, { recursive: directory !== undefined });
    } catch {
      // somebody else removed it
    }
  };
  try {
    await (directory === undefined ? listenPrivately(forwarder, path) : listen(forwarder, { path }));
    Deno.chmodSync(path, 0o600);
  } catch (error) {
    if (directory !== undefined) remove();
    throw error;
  }
  addEventListener("unload", remove);
  return {
    address: `unix:${path}`,
    async [Symbol.asyncDispose]() {
      removeEventListener("unload", remove);
      await forwarder[Symbol.asyncDispose]();
      remove();
    },
  };
}

/** A new directory that nobody else may look into, where a system keeps such things, or else among the temporary files. */
async function privateDirectory(): Promise<string> {
  const runtime = Deno.env.get("XDG_RUNTIME_DIR");
  const make = (dir?: string) => Deno.makeTempDir({ prefix: "scope-", ...dir === undefined ? {} : { dir } });
  return await (runtime ? make(runtime).catch(() => make()) : make());
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

/**
 * The socket is its owner's alone from its first moment on: it is made in a directory that nobody else may look into, and then put
 * in its place. Deno lets nobody set the umask who may not do everything that it calls "sys".
 */
async function listenPrivately(forwarder: Forwarder, path: string): Promise<void> {
  const limit = Deno.build.os === "darwin" ? 103 : 107;
  if (new TextEncoder().encode(path).length > limit) throw cannotListen({ code: "ENAMETOOLONG" }, { path });
  // As short as can be, as the path of a socket may not be long.
  const directory = path.replace(/[^/]*$/, `.${crypto.randomUUID().slice(0, 4)}`), made = `${directory}/s`;
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
    try {
      await listen(forwarder, { path: made });
      Deno.chmodSync(made, 0o600);
      // Not by another name, which would replace what is there.
      Deno.linkSync(made, path);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  } catch (error) {
    throw cannotListen((error instanceof ScopeError ? error.cause : error) as { code?: string }, { path });
  }
}

type ListenAddress = { path: string } | { host: string; port: number };

async function listen({ server }: Forwarder, place: ListenAddress): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(place, resolve);
    });
  } catch (error) {
    throw cannotListen(error as { code?: string }, place);
  }
}

/** By the codes of bind(2). */
function cannotListen(error: { code?: string }, place: ListenAddress): ScopeError {
  const path = "path" in place ? place.path : undefined;
  const what = "path" in place ? `the socket "${place.path}"` : `port ${place.port} of ${place.host}`;
  const make = (kind: ErrorKind, why: string, hint: string) =>
    new ScopeError(kind, `Cannot listen on ${what}: ${why}`, { cause: error, hint });
  switch (error.code) {
    case "EADDRINUSE":
    case "EEXIST":
      if (path === undefined) return make("unreachable", "it is taken", "choose another port");
      return make(
        "unreachable",
        "it exists already",
        // Nobody should be told to remove a file that is no socket.
        `${isSocket(path) ? "remove it if nobody listens there any more, or " : ""}choose another path`,
      );
    case "EACCES":
    case "EPERM":
      return make("denied", "you may not", path ? "choose a directory of your own" : "choose a port from 1024 on");
    case "ENOENT":
    case "ENOTDIR":
      return make("notFound", "its directory is not there", "make it, or choose another path");
    case "EINVAL":
    case "ENAMETOOLONG":
      return make("usage", "the path is too long", "that of a unix socket has at most 107 bytes, on a Mac 103");
    default:
      return make("unreachable", error.code ?? String(error), `choose another ${path ? "path" : "port"}`);
  }
}

function isSocket(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSocket === true;
  } catch {
    return false;
  }
}
