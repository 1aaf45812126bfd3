import { Buffer } from "node:buffer";
import { FileError } from "../../protocol/file_error.ts";

/** A path or file name, one character per byte: not every name is UTF-8, and none may be altered. */
export type Name = string;

export function toName(bytes: Uint8Array): Name {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

export function toBytes(name: Name): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(name, "latin1"));
}

/** Returns a name as a C string. Throws FileError for a name that contains a zero byte, which would truncate it. */
export function cBytes(name: Name): Uint8Array<ArrayBuffer> {
  if (name.includes("\0")) throw new FileError("EINVAL");
  const bytes = new Uint8Array(name.length + 1);
  for (let at = 0; at < name.length; at++) bytes[at] = name.charCodeAt(at);
  return bytes;
}

/** Splits a path into directory and name. The name is empty when the path ends in a slash. */
export function split(path: Name): { directory: Name; name: Name } {
  const slash = path.lastIndexOf("/");
  return { directory: slash < 0 ? "." : path.slice(0, slash) || "/", name: path.slice(slash + 1) };
}

export function join(directory: Name, name: Name): Name {
  return directory === "" || name === ""
    ? directory + name
    : directory.endsWith("/")
    ? directory + name
    : `${directory}/${name}`;
}

/** Returns true for a valid name of an entry in a directory. */
export function isPlain(name: Name): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("/") && !name.includes("\0");
}
