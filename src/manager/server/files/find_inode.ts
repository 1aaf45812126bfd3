import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { FileKind, FindInodeResponseSchema } from "../../protocol/gen/manager_pb.ts";
import type { FindInodeRequest, FindInodeResponse, InodeLayerSchema } from "../../protocol/gen/manager_pb.ts";
import { readProc } from "../processes.ts";
import { yieldToEventLoop } from "../../protocol/yield_to_event_loop.ts";
import {
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  openat2,
  openOwn,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  statAt,
} from "./calls.ts";
import type { Stat } from "./calls.ts";
import { Descriptor } from "./descriptor.ts";
import { kindOf } from "./entry.ts";
import { codeOf, FileError } from "../../protocol/file_error.ts";
import { namesIn } from "./directory.ts";
import { rootLayers } from "./layers.ts";
import { troubleOf } from "./list.ts";
import { join, toBytes, toName } from "./names.ts";
import type { Name } from "./names.ts";
import { openBelow, TargetRoot } from "./target_root.ts";

type Part = NonNullable<MessageInitShape<typeof FindInodeResponseSchema>["response"]>;
type LayerInit = MessageInitShape<typeof InodeLayerSchema>;

/** Interval at which the number of files seen is reported, in milliseconds. */
const reportMs = 250;

/** Handles one FindInode. */
export async function* findInode(request: FindInodeRequest): AsyncIterable<FindInodeResponse> {
  const response = (part: Part) => create(FindInodeResponseSchema, { response: part });
  const turn = yieldToEventLoop();
  let seen = 0, reportedAt = performance.now();
  try {
    using root = TargetRoot.of(request.target);
    using layers = new Layers(root.pid);
    for (const { path, stat, trouble } of sameMount(root)) {
      seen++;
      if (trouble !== undefined) yield response({ case: "trouble", value: troubleOf(path, trouble) });
      else if (stat?.inode === request.inode) {
        const value = { path: toBytes(path), kind: kindOf(stat), ...layers.of(path, stat) };
        yield response({ case: "found", value });
      }
      if (!turn.due) continue;
      await turn.take();
      if (performance.now() - reportedAt < reportMs) continue;
      yield response({ case: "seen", value: BigInt(seen) });
      reportedAt = performance.now();
    }
  } catch (error) {
    yield response({ case: "trouble", value: troubleOf("", codeOf(error)) });
  }
  yield response({ case: "seen", value: BigInt(seen) });
}

interface Seen {
  path: Name;
  stat?: Stat;
  trouble?: string;
}

/** Yields everything in the root file system itself, without other file systems mounted in it. */
function* sameMount(root: TargetRoot): Iterable<Seen> {
  using top = root.open("/", O_RDONLY | O_DIRECTORY);
  const { mount, device } = statAt(top.fd);
  yield { path: "/", stat: statAt(top.fd) };
  yield* inside(top, "/");

  function* inside(directory: Descriptor, path: Name): Iterable<Seen> {
    for (const name of namesIn(directory.fd)) {
      const below = join(path, name);
      try {
        const stat = statAt(directory.fd, name), isDirectory = kindOf(stat) === FileKind.DIRECTORY;
        // An overlay may report other devices for files of its layers, but never for directories.
        if (stat.mount !== mount || (isDirectory && stat.device !== device)) continue;
        yield { path: below, stat };
        if (!isDirectory) continue;
        using inner = openBelow(directory, name, O_RDONLY | O_DIRECTORY);
        yield* inside(inner, below);
      } catch (error) {
        if (codeOf(error) !== "ENOENT") yield { path: below, trouble: codeOf(error) };
      }
    }
  }
}

/** The layers of a container's root, opened in the node's files if those are accessible. */
class Layers implements Disposable {
  readonly #layers: { directory: Name; upper: boolean; opened: Descriptor }[] = [];
  #why = "";

  constructor(pid: number) {
    const mountinfo = readProc(pid, "mountinfo");
    const layers = mountinfo === undefined ? undefined : rootLayers(mountinfo);
    if (layers === undefined) {
      this.#why = mountinfo === undefined ? "its mounts cannot be read" : "its root file system is no overlay";
      return;
    }
    try {
      using node = new Descriptor(openOwn("/proc/1/root", O_PATH | O_DIRECTORY));
      for (const { directory, upper } of layers) {
        const name = toName(new TextEncoder().encode(directory));
        const fd = openat2(node.fd, name, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
        this.#layers.push({ directory: name, upper, opened: new Descriptor(fd) });
      }
    } catch (error) {
      codeOf(error);
      this[Symbol.dispose]();
      this.#why = "the files of the node cannot be seen from here";
    }
  }

  of(path: Name, stat: Stat): { layers: LayerInit[]; noLayers: string } {
    const layers = this.#layers.flatMap(({ directory, upper, opened }): LayerInit[] => {
      try {
        using there = openBelow(opened, path.slice(1) || ".", O_PATH | O_NOFOLLOW);
        const found = statAt(there.fd);
        // An entry of another kind in an upper layer is a whiteout: the file is not there.
        if (kindOf(found) !== kindOf(stat)) return [];
        return [{ directory: toBytes(directory), upper, sameInode: found.inode === stat.inode }];
      } catch (error) {
        if (error instanceof FileError) return [];
        throw error;
      }
    });
    return { layers, noLayers: this.#why };
  }

  [Symbol.dispose](): void {
    for (const { opened } of this.#layers.splice(0)) opened[Symbol.dispose]();
  }
}
