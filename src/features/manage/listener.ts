import { defined } from "../../lib/defined.ts";
import type { ServeOptions } from "./command.ts";
import { ScopeError } from "../../errors.ts";
import type { ErrorKind } from "../../errors.ts";
import type { Forwarder } from "../../manager/client/forward.ts";

/** A listener. Disposing closes it and removes its files; the end of this process does so, too. */
export interface Listener extends AsyncDisposable {
  /** Address as in gRPC: `unix:/run/…` or `127.0.0.1:8087`. */
  readonly address: string;
}

/** Lets a forwarder listen. Throws ScopeError: usage, notFound, unreachable if the address is in use, denied. */
export async function openListener(forwarder: Forwarder, { socket, port }: ServeOptions): Promise<Listener> {
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
      // it was removed already
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

/** Makes a directory that only this user may enter, in $XDG_RUNTIME_DIR or else among the temporary files. */
async function privateDirectory(): Promise<string> {
  const runtime = Deno.env.get("XDG_RUNTIME_DIR");
  const make = (dir?: string) => Deno.makeTempDir({ prefix: "scope-", ...defined({ dir }) });
  return await (runtime ? make(runtime).catch(() => make()) : make());
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

/**
 * Listens on a socket that only its owner can reach from the first moment: it is created in a private directory and then linked
 * to its path. A umask cannot be used: Deno requires the full "sys" permission for it.
 */
async function listenPrivately(forwarder: Forwarder, path: string): Promise<void> {
  const limit = Deno.build.os === "darwin" ? 103 : 107;
  if (new TextEncoder().encode(path).length > limit) throw cannotListen({ code: "ENAMETOOLONG" }, { path });
  // Kept short, because the path of a socket has a low limit.
  const directory = path.replace(/[^/]*$/, `.${crypto.randomUUID().slice(0, 4)}`), made = `${directory}/s`;
  try {
    Deno.mkdirSync(directory, { mode: 0o700 });
    try {
      await listen(forwarder, { path: made });
      Deno.chmodSync(made, 0o600);
      // link() instead of rename(), which would replace an existing file.
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

/** Returns the error for a code of bind(2). */
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
        // Never advise removing a file that is no socket.
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
