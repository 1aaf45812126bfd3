import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { ListFilesRequest_Depth as Depth, TargetSchema } from "../../../../../src/manager/protocol/gen/manager_pb.ts";
import { Descriptor } from "../../../../../src/manager/server/files/descriptor.ts";
import { Destination } from "../../../../../src/manager/server/files/destination.ts";
import { FileError } from "../../../../../src/manager/protocol/file_error.ts";
import type { Name } from "../../../../../src/manager/server/files/names.ts";
import { TargetRoot } from "../../../../../src/manager/server/files/target_root.ts";
import { walk } from "../../../../../src/manager/server/files/walk.ts";

const here = () => TargetRoot.of(create(TargetSchema, { pid: Deno.pid }));

/** Returns how many descriptors of this process are open for a path. */
function held(path: string): number {
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`) === path;
    } catch {
      return false; // the descriptor of /proc/self/fd itself
    }
  }).length;
}

async function inDirectory(test: (directory: string) => void): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("Destination.of() holds no directory when a name in it cannot be looked at", async () => {
  await inDirectory((directory) => {
    using root = here();
    const of = (name: string) => () => Destination.of(root, directory, { name: name, directory: false });
    assert.throws(of("x".repeat(300)), new FileError("ENAMETOOLONG"));
    assert.equal(held(directory), 0);
    const destination = of("x")();
    assert.equal(held(directory), 1);
    destination[Symbol.dispose]();
    assert.equal(held(directory), 0);
  });
});

Deno.test("walk() closes what a link leads to, also when that cannot be looked at", async () => {
  await inDirectory((directory) => {
    using root = here();
    Deno.symlinkSync("/", `${directory}/link`);
    const closed: string[] = [];
    class Stale extends Descriptor {
      override get fd(): number {
        throw new FileError("ESTALE");
      }
      override [Symbol.dispose](): void {
        closed.push("link");
      }
    }
    const open = (path: Name, flags: number) => path.endsWith("link") ? new Stale(-1) : root.open(path, flags);
    const found = [...walk({ open } as TargetRoot, directory, { depth: Depth.CHILDREN, follow: true })];
    assert.deepEqual(found[1], { path: "link", trouble: "ESTALE" });
    assert.deepEqual(closed, ["link"]);
    assert.equal(held(directory), 0);
  });
});
