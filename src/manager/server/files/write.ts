import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { WriteFilesResponseSchema } from "../../protocol/gen/manager_pb.ts";
import type {
  ItemWrittenSchema,
  WriteBatch,
  WriteDirectory,
  WriteDoneSchema,
  WriteFile,
  WriteFilesRequest,
  WriteFilesResponse,
  WriteItem,
  WriteLink,
  WriteOpen,
  WriteWhole,
} from "../../protocol/gen/manager_pb.ts";
import { partName } from "../../protocol/part_name.ts";
import { readProc } from "../processes.ts";
import { fchown, futimens, lchownat, mkdirat, O_DIRECTORY, O_RDONLY, statAt, symlinkat } from "./calls.ts";
import type { Stat } from "./calls.ts";
import { ArrivingFile } from "./arriving_file.ts";
import { yieldToEventLoop } from "../../protocol/yield_to_event_loop.ts";
import { give, modeIn, ownerOfNew, setMode } from "./created.ts";
import type { Creator } from "./created.ts";
import { Destination, statIfThere } from "./destination.ts";
import type { NamedEntry } from "./destination.ts";
import { codeOf, FileError } from "../../protocol/file_error.ts";
import { troubleOf } from "./list.ts";
import { putInPlace, removeName } from "./mount_point.ts";
import { toBytes, toName } from "./names.ts";
import type { Name } from "./names.ts";
import type { PartKeeper } from "./partial_files.ts";
import { unpack } from "../../protocol/chunks.ts";
import { openBelow, TargetRoot } from "./target_root.ts";
import { mountsAt } from "./written_mounts.ts";

type Part = NonNullable<MessageInitShape<typeof WriteFilesResponseSchema>["response"]>;
type Result = NonNullable<MessageInitShape<typeof ItemWrittenSchema>["result"]>;
type Done = MessageInitShape<typeof WriteDoneSchema>;
type Request = WriteFilesRequest["request"];

/**
 * Handles one WriteFiles. Closes everything that it holds open when `gone` is aborted, even if the generator is not resumed;
 * then an incomplete file goes to `parts`.
 */
export async function* writeFiles(
  requests: AsyncIterable<WriteFilesRequest>,
  gone: AbortSignal,
  parts: PartKeeper,
): AsyncIterable<WriteFilesResponse> {
  using writing = new Writing(parts, gone);
  gone.addEventListener("abort", () => writing[Symbol.dispose](), { once: true });
  for await (const { request } of requests) {
    if (gone.aborted) return;
    const answer = await writing.answer(request);
    if (answer !== undefined) yield create(WriteFilesResponseSchema, { response: answer });
  }
}

class Writing implements Disposable {
  #root: TargetRoot | undefined;
  /** New entries get the attributes as if the target had created them. */
  #creator: Creator = { uid: 0, gid: 0, umask: 0o22 };
  #destination: Destination | undefined;
  #file: ArrivingFile | undefined;
  /** Path of the file that is being written. */
  #path: Name = "";

  constructor(readonly parts: PartKeeper, readonly gone: AbortSignal) {}

  /** Executes a request, and returns the answer, if any. */
  async answer(request: Request): Promise<Part | undefined> {
    // A batch or a file begins: discard an unfinished file before it.
    if (request.case === "batch" || request.case === "file") {
      this.#file?.discard();
      this.#leave();
      this.#path = request.case === "file" ? toName(request.value.path) : "";
    }
    try {
      return await this.#do(request);
    } catch (error) {
      this.#file?.discard();
      this.#leave();
      return { case: "trouble", value: troubleOf(this.#path, codeOf(error)) };
    }
  }

  async #do(request: Request): Promise<Part | undefined> {
    switch (request.case) {
      case "open":
        return this.#open(request.value);
      case "batch":
        return await this.#batch(request.value);
      case "file": {
        this.#file = this.#arriving(request.value);
        if (request.value.resume) return { case: "started", value: await this.#file.found() };
        return void this.#file.begin(false);
      }
      case "from":
        return void this.#file?.begin(request.value.keep);
      case "data":
        return void await this.#file?.write(Number(request.value.offset), unpack(request.value));
      case "end": {
        if (this.#file === undefined) return undefined;
        const done = await this.#file.finish(request.value);
        this.#leave();
        return { case: "done", value: done };
      }
    }
  }

  get #to(): Destination {
    if (this.#destination !== undefined) return this.#destination;
    throw new ConnectError("the first request must be open", Code.InvalidArgument);
  }

  #open({ target, path, name, directory }: WriteOpen): Part {
    this.#root = TargetRoot.of(target);
    this.#creator = this.#root.creator;
    const destination = Destination.of(this.#root, this.#root.absolute(path), { name: toName(name), directory });
    this.#destination = destination;
    const mounts = mountsAt(readProc(this.#root.pid, "mountinfo") ?? "", destination.whereIn(this.#root));
    return {
      case: "opened",
      value: {
        path: toBytes(destination.path),
        mounts: mounts.map((mount) => ({ ...mount, path: toBytes(mount.path) })),
      },
    };
  }

  #arriving(file: WriteFile): ArrivingFile {
    const { parts, gone } = this, creator = this.#creator, { pid } = this.#root!;
    using unused = new DisposableStack();
    const place = unused.use(this.#to.place(toName(file.path)));
    const arriving = new ArrivingFile({ place, file, creator, parts, pid, gone });
    unused.move();
    return arriving;
  }

  /** Creates the items. A failure of one item is reported for that item, and does not stop the others. */
  async #batch({ items, data }: WriteBatch): Promise<Part> {
    const bytes = data === undefined ? new Uint8Array() : unpack(data), results: { result: Result }[] = [];
    const turn = yieldToEventLoop();
    let at = 0;
    for (const { item } of items) {
      // Lets the Worker report that it is alive, and notice that the client has left: a slow file system is not a hung one.
      if (turn.due) await turn.take();
      if (this.gone.aborted) break;
      try {
        const length = item.case === "file" ? Number(item.value.end?.size ?? 0n) : 0;
        results.push({ result: { case: "done", value: await this.#make(item, bytes.subarray(at, at += length)) } });
      } catch (error) {
        const path = item.case === "file" ? item.value.file?.path : item.value?.path;
        results.push({
          result: { case: "trouble", value: troubleOf(toName(path ?? new Uint8Array()), codeOf(error)) },
        });
      }
    }
    return { case: "batch", value: { items: results } };
  }

  async #make(item: WriteItem["item"], bytes: Uint8Array<ArrayBuffer>): Promise<Done> {
    switch (item.case) {
      case "directory":
        return this.#directory(item.value);
      case "link":
        return this.#link(item.value);
      case "file":
        return await this.#whole(item.value, bytes);
      case undefined:
        throw new FileError("EINVAL");
    }
  }

  /** Writes a file whose content is already in memory. */
  async #whole({ file, end }: WriteWhole, bytes: Uint8Array<ArrayBuffer>): Promise<Done> {
    if (file === undefined || end === undefined) throw new FileError("EINVAL");
    using arriving = this.#arriving(file);
    try {
      arriving.begin(false);
      if (bytes.length > 0) await arriving.write(0, bytes);
      return await arriving.finish(end);
    } catch (error) {
      arriving.discard();
      throw error;
    }
  }

  #directory({ path, mode, modifiedNs, finish }: WriteDirectory): Done {
    const name = toName(path);
    if (name === "" && this.#to.top === undefined) return {};
    using place = this.#to.place(name);
    const wanted = modeIn(place.directory, mode, this.#creator) | (finish ? 0 : 0o700);
    let created = false;
    if (!finish) {
      try {
        mkdirat(place.directory.fd, place.name, wanted);
        created = true;
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
      }
    }
    using directory = openBelow(place.directory, place.name, O_RDONLY | O_DIRECTORY);
    if (created) this.#own(place, statAt(directory.fd), (uid, gid) => fchown(directory.fd, uid, gid));
    if (created || finish) setMode(directory, wanted);
    if (finish) futimens(directory.fd, modifiedNs);
    return { created };
  }

  /** Creates a symlink, which atomically replaces a file or symlink, never a directory. */
  #link({ path, link }: WriteLink): Done {
    using place = this.#to.place(toName(path));
    const { directory, name } = place, part = partName(name);
    if (statIfThere(directory, part) !== undefined) removeName(directory, part);
    symlinkat(toName(link), directory.fd, part);
    try {
      this.#own(place, statAt(directory.fd, part), (uid, gid) => lchownat(directory.fd, part, uid, gid));
      putInPlace(directory, part, name);
    } catch (error) {
      removeName(directory, part);
      throw error;
    }
    return { created: true };
  }

  #own({ directory }: NamedEntry, made: Stat, chown: (uid: number, gid: number) => void): void {
    give(ownerOfNew(this.#creator, statAt(directory.fd), made), chown);
  }

  #leave(): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }

  [Symbol.dispose](): void {
    this.#leave();
    this.#destination?.[Symbol.dispose]();
    this.#root?.[Symbol.dispose]();
  }
}
