import type { ServeOptions } from "../context.ts";
import { ScopeError } from "../errors.ts";
import type { Forwarder } from "../manager/forward.ts";

/** An open door. Disposing closes it and removes what it left in the file system; so does the end of this process. */
export interface Door extends AsyncDisposable {
  /** As gRPC names addresses: `unix:/run/…` or `127.0.0.1:8087`. */
  readonly address: string;
}

/** So that a unix socket is its owner's alone from its first moment on. */
const ownerOnly = 0o177;

/** Lets a forwarder listen. Throws ScopeError: usage, notFound, unreachable where something is there already, denied. */
export async function openDoor(forwarder: Forwarder, { socket, port }: ServeOptions): Promise<Door> {
  if (port !== undefined) {
    await listen(forwarder, { host: "127.0.0.1", port }, `port ${port} of 127.0.0.1`);
    return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => forwarder[Symbol.asyncDispose]() };
  }
  const folder = socket === undefined ? await privateFolder() : undefined;
  const path = folder === undefined ? absolute(socket!) : `${folder}/manager.sock`;
  const remove = () => {
    try {
      Deno.removeSync(folder ?? path, { recursive: folder !== undefined });
    } catch {
      // somebody else removed it
    }
  };
  const before = Deno.umask(ownerOnly);
  try {
    await listen(forwarder, { path }, `the socket "${path}"`);
  } catch (error) {
    if (folder !== undefined) remove();
    throw error;
  } finally {
    Deno.umask(before);
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

/** A new folder that nobody else may look into, where a system keeps such things, or else among the temporary files. */
async function privateFolder(): Promise<string> {
  const runtime = Deno.env.get("XDG_RUNTIME_DIR");
  const make = (dir?: string) => Deno.makeTempDir({ prefix: "scope-", ...dir === undefined ? {} : { dir } });
  return await (runtime ? make(runtime).catch(() => make()) : make());
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

async function listen({ server }: Forwarder, where: { path: string } | { host: string; port: number }, what: string) {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(where, resolve);
    });
  } catch (error) {
    throw translate(error as { code?: string }, what);
  }
}

function translate(error: { code?: string }, what: string): ScopeError {
  const path = what.startsWith("the socket"), cause = error;
  switch (error.code) {
    case "EADDRINUSE":
      return new ScopeError("unreachable", `Cannot listen on ${what}: ${path ? "it exists already" : "it is taken"}`, {
        cause,
        hint: path ? "remove it where nobody listens there any more, or choose another path" : "choose another port",
      });
    case "EACCES":
    case "EPERM":
      return new ScopeError("denied", `Cannot listen on ${what}: you may not`, {
        cause,
        hint: path ? "choose a folder of your own" : "choose a port from 1024 on",
      });
    case "ENOENT":
    case "ENOTDIR":
      return new ScopeError("notFound", `Cannot listen on ${what}: its folder is not there`, {
        cause,
        hint: "make it, or choose another path",
      });
    case "EINVAL":
    case "ENAMETOOLONG":
      return new ScopeError("usage", `Cannot listen on ${what}: the path is too long`, {
        cause,
        hint: "the path of a unix socket has at most 107 bytes, on a Mac 103",
      });
    default:
      return new ScopeError("unreachable", `Cannot listen on ${what}: ${error.code ?? String(error)}`, { cause });
  }
}
