import { FileKind, ListFilesRequest_Depth as Depth } from "../../protocol/gen/manager_pb.ts";
import { fileSystemType, O_DIRECTORY, O_PATH, O_RDONLY, readlinkat, reopen, statAt } from "./calls.ts";
import type { Stat } from "./calls.ts";
import { Descriptor } from "./descriptor.ts";
import { entryOf, kindOf } from "./entry.ts";
import type { EntryInit } from "./entry.ts";
import { codeOf, FileError } from "../../protocol/file_error.ts";
import { isKernelFileSystem, namesIn } from "./directory.ts";
import { join } from "./names.ts";
import type { Name } from "./names.ts";
import { openBelow } from "./target_root.ts";
import type { TargetRoot } from "./target_root.ts";

export type Walked = { entry: EntryInit } | { path: Name; trouble: string };

/** Limit of the depth of a tree: each level holds a descriptor. */
const deepest = 400;

export interface WalkOptions {
  depth: Depth;
  follow: boolean;
}

/**
 * Yields the entry at an absolute path, those in it, or all below it, according to `depth`. Throws FileError when the path
 * does not exist.
 */
export function* walk(root: TargetRoot, path: Name, { depth, follow }: WalkOptions): Iterable<Walked> {
  using at = root.open(path, O_PATH);
  const stat = statAt(at.fd);
  yield { entry: entryOf("", stat) };
  if (depth === Depth.SELF || kindOf(stat) !== FileKind.DIRECTORY) return;
  using directory = new Descriptor(reopen(at.fd, O_RDONLY | O_DIRECTORY));
  yield* inside(directory, "", stat, []);

  function* inside(directory: Descriptor, below: Name, stat: Stat, above: readonly string[]): Iterable<Walked> {
    const trail = [...above, `${stat.device} ${stat.inode}`];
    if (trail.length > deepest) return yield { path: below, trouble: "ENAMETOOLONG" };
    for (const name of namesIn(directory.fd)) {
      try {
        yield* one(directory, name, join(below, name), stat, trail);
      } catch (error) {
        // Deleted since the directory was read: skip it.
        if (codeOf(error) !== "ENOENT") yield { path: join(below, name), trouble: codeOf(error) };
      }
    }
  }

  function* one(directory: Descriptor, name: Name, below: Name, parent: Stat, trail: string[]): Iterable<Walked> {
    using held = new DisposableStack();
    let stat = statAt(directory.fd, name), followed: Descriptor | undefined;
    if (kindOf(stat) === FileKind.SYMLINK) {
      if (!follow) return yield { entry: entryOf(below, stat, { link: readlinkat(directory.fd, name) }) };
      try {
        followed = held.use(root.open(join(path, below), O_PATH));
      } catch (error) {
        return yield { path: below, trouble: codeOf(error) };
      }
      stat = statAt(followed.fd);
    }
    if (depth !== Depth.TREE || kindOf(stat) !== FileKind.DIRECTORY) return yield { entry: entryOf(below, stat) };
    if (trail.includes(`${stat.device} ${stat.inode}`)) throw new FileError("ECYCLE");
    const flags = O_RDONLY | O_DIRECTORY;
    using inner = followed === undefined
      ? openBelow(directory, name, flags)
      : new Descriptor(reopen(followed.fd, flags));
    if (stat.device !== parent.device && isKernelFileSystem(fileSystemType(inner.fd))) throw new FileError("EPSEUDO");
    yield { entry: entryOf(below, stat) };
    yield* inside(inner, below, stat, trail);
  }
}
