import assert from "node:assert/strict";
import { makeFiles } from "../../../../src/manager/client/files_client.ts";
import { O_DIRECTORY, O_PATH, openOwn } from "../../../../src/manager/server/files/calls.ts";
import { Descriptor } from "../../../../src/manager/server/files/descriptor.ts";
import { crossesMount, isMountPoint } from "../../../../src/manager/server/files/mount_point.ts";
import { FileTrouble } from "../../../../src/manager/client/target_files.ts";
import type { Files, FileToWrite } from "../../../../src/manager/client/target_files.ts";
import { cString } from "../../../../src/manager/server/libc.ts";
import { besideTarget } from "../client_of_target.ts";
import { fakeTarget } from "../target.ts";
import { makeDirectory, makeLink } from "./write_one.ts";

// These tests need root for a root and namespaces of their own; without it they are ignored.
const ignore = Deno.uid() !== 0;
const { signal } = new AbortController();

interface World {
  files: Files;
  /** The target's root, as seen from outside its mount namespace. */
  root: string;
  /** Runs a script in the target's mount namespace, in its root, and returns the output. */
  inside(script: string): Promise<string>;
}

function withMounts(name: string, test: (world: World) => Promise<void>): void {
  besideTarget(name, async ({ target, connection }) => {
    const { pid, root, podUid, containerId } = target;
    const translate = (error: unknown) => Promise.resolve(error);
    const files = makeFiles({ connection, target: { podUid, containerId }, translate });
    const inside = async (script: string) => {
      const args = [`--mount=/proc/${pid}/ns/mnt`, "--", "sh", "-euc", `cd ${root}\n${script}`];
      const { success, stdout, stderr } = await new Deno.Command("nsenter", { args }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout);
    };
    await test({ files, root, inside });
  });
}

/** Writes text to a path of the target. */
async function write(files: Files, path: string, text: string, more: Partial<FileToWrite> = {}): Promise<void> {
  await using writer = files.writer(path, { name: "", directory: false, signal });
  const file = writer.file({ path: "", mode: 0o640, resume: false, ...more }, async function* () {
    const bytes = new TextEncoder().encode(text), most = 1 << 20;
    for (let at = 0; at < bytes.length; at += most) yield { offset: at, bytes: bytes.subarray(at, at + most) };
  });
  await writer.opened;
  await file.whole;
}

const trouble = (code: string) => (error: unknown) => {
  assert.ok(error instanceof FileTrouble, String(error));
  assert.equal(error.code, code);
  return true;
};

/** Makes a volume with a file that is mounted over a file of the image, as a subPath is. */
const mountConf = "mkdir vol; echo first >vol/conf; chown 11:22 vol/conf; chmod 600 vol/conf; echo image >etc/conf; " +
  "mount --bind vol/conf etc/conf; ";
const countConf = 'grep -c " $PWD/etc/conf " /proc/self/mountinfo || true; ';

Deno.test("Only mount_point.ts renames and unlinks names of a target", () => {
  const directory = new URL("../../../../src/manager/server/files/", import.meta.url);
  const calling = [...Deno.readDirSync(directory)].map(({ name }) => name)
    .filter((name) => /\b(renameat|unlinkat)\(/.test(Deno.readTextFileSync(new URL(name, directory))));
  assert.deepEqual(calling.toSorted(), ["calls.ts", "mount_point.ts"]);
});

withMounts("Manager.WriteFiles writes into a file that is a mount of the target", async ({ files, inside }) => {
  await inside(mountConf);
  await write(files, "/etc/conf", "a longer second text\n", { modifiedNs: 1_580_702_706_500_000_000n });
  const seen = countConf + "cat vol/conf; stat -c '%u:%g %a %Y' vol/conf; ls -A etc";
  assert.equal(
    await inside(seen),
    "1\na longer second text\n11:22 600 1580702706\nconf\npasswd\n",
  );
  await write(files, "/etc/conf", "short\n", { modifiedNs: 1_580_702_707_500_000_000n });
  assert.equal(await inside(seen), "1\nshort\n11:22 600 1580702707\nconf\npasswd\n");
  await using writer = files.writer("/", { name: "", directory: true, signal });
  assert.equal(await makeDirectory(writer, { path: "etc", mode: 0o755, modifiedNs: 0n, finish: false }), false);
  const bytes = new TextEncoder().encode("in a tree\n");
  const below = writer.file({ path: "etc/conf", mode: 0o640, resume: false }, async function* () {
    yield { offset: 0, bytes };
  });
  await below.whole;
  assert.equal((await inside(seen)).replace(/ \d{10}$/m, ""), "1\nin a tree\n11:22 600\nconf\npasswd\n");
  await assert.rejects(makeLink(writer, { path: "etc/conf", to: "/etc/passwd" }), trouble("EMOUNT"));
  assert.equal(await inside(countConf + "cat vol/conf"), "1\nin a tree\n");
});

withMounts("Manager.WriteFiles refuses a read-only mount of a file, before anything of it", async (world) => {
  const { files, inside } = world;
  await inside(mountConf + "mount -o remount,bind,ro etc/conf");
  await assert.rejects(write(files, "/etc/conf", "second\n"), trouble("EMOUNTRO"));
  assert.equal(await inside(countConf + "cat etc/conf; ls -A etc"), "1\nfirst\nconf\npasswd\n");
});

withMounts("Manager.WriteFiles leaves a mounted file as it is when its disk has no room", async ({ files, inside }) => {
  await inside(
    "mkdir vol; mount -t tmpfs -o size=64k none vol; echo first >vol/conf; touch -d @1000 vol/conf; " +
      "echo image >etc/conf; mount --bind vol/conf etc/conf",
  );
  await assert.rejects(write(files, "/etc/conf", "x".repeat(100_000)), trouble("EMOUNTFULL"));
  assert.equal(
    await inside(countConf + "cat vol/conf; stat -c %Y vol/conf; ls -A etc"),
    "1\nfirst\n1000\nconf\npasswd\n",
  );
});

withMounts(
  "Manager.WriteFiles reaches a writable mount in a directory that is read-only",
  async ({ files, inside }) => {
    await inside(
      mountConf +
        "mkdir ro; echo image >ro/conf; mount --bind ro ro; mount --bind vol/conf ro/conf; mount -o remount,bind,ro ro",
    );
    await write(files, "/ro/conf", "second\n");
    assert.equal(
      await inside('cat vol/conf; ls -A ro; grep -c " $PWD/ro/conf " /proc/self/mountinfo'),
      "second\nconf\n1\n",
    );
    const large = "x".repeat(17 << 20);
    await assert.rejects(write(files, "/ro/conf", large), trouble("EMOUNTLARGE"));
    assert.equal(await inside("cat vol/conf"), "second\n");
  },
);

Deno.test({
  name:
    "isMountPoint() and crossesMount() tell a mount of another mount namespace, also of the same file system (needs root)",
  ignore,
  async fn() {
    await using target = await fakeTarget();
    const { pid, root } = target;
    const script = `cd ${root}; echo >etc/a; echo >etc/b; mkdir etc/d; ln -s a etc/link; mount --bind etc/a etc/b; ` +
      "mount --bind dev etc/d";
    await new Deno.Command("nsenter", { args: [`--mount=/proc/${pid}/ns/mnt`, "--", "sh", "-euc", script] }).output();
    using directory = new Descriptor(openOwn(`/proc/${pid}/root/etc`, O_PATH | O_DIRECTORY));
    const names = ["a", "b", "d", "link", "passwd", "none"];
    assert.deepEqual(names.filter((name) => isMountPoint(directory, name)), ["b", "d"]);
    assert.deepEqual(names.filter((name) => name !== "none" && crossesMount(directory, name)), ["b", "d"]);
  },
});

withMounts("Manager.WriteFiles tells which volumes are where it writes, whatever links lead there", async (world) => {
  const { files, inside } = world, volume = "pods/2f/volumes/kubernetes.io~empty-dir";
  await inside(
    `mkdir -p ${volume}/small ${volume}/inner data; mount --bind ${volume}/small data; mkdir data/in; ` +
      `mount --bind ${volume}/inner data/in; ln -s data link`,
  );
  for (const [path, directory] of [["/link/new", false], ["/link", true]] as const) {
    await using writer = files.writer(path, { name: "", directory, signal });
    assert.deepEqual(await writer.mounts, [
      { path: "", kind: "emptyDir", name: "small" },
      ...(directory ? [{ path: "in", kind: "emptyDir", name: "inner" }] : []),
    ]);
  }
});

withMounts("Manager.WriteFiles never takes a mount for the part of a copy", async ({ files, inside }) => {
  await inside("mkdir vol; echo first >vol/part; touch etc/.new.scope-part; mount --bind vol/part etc/.new.scope-part");
  for (const resume of [false, true]) {
    await assert.rejects(write(files, "/etc/new", "second\n", { resume }), trouble("EMOUNT"));
  }
  await using writer = files.writer("/etc", { name: "", directory: true, signal });
  await assert.rejects(makeLink(writer, { path: "new", to: "x" }), trouble("EMOUNT"));
  assert.equal(
    await inside("cat vol/part; grep -c scope-part /proc/self/mountinfo; ls -A etc"),
    "first\n1\n.new.scope-part\npasswd\n",
  );
});

withMounts("Manager.WriteFiles writes nothing on a file system of the kernel", async ({ files }) => {
  for (const path of ["/proc/sys/kernel/hostname", "/proc/new"]) {
    await assert.rejects(write(files, path, "mine\n"), trouble("EKERNEL"));
  }
  await using writer = files.writer("/", { name: "", directory: true, signal });
  await assert.rejects(makeLink(writer, { path: "proc/new", to: "x" }), trouble("EKERNEL"));
  await assert.rejects(
    makeDirectory(writer, { path: "proc/new", mode: 0o755, modifiedNs: 0n, finish: false }),
    trouble("EKERNEL"),
  );
});

withMounts(
  "Manager.WriteFiles gives what it makes the group, the bits and the ACL that the target would",
  async (world) => {
    const { files, inside, root } = world;
    await inside("mkdir setgid acl; chgrp 777 setgid; chmod 2775 setgid");
    // The ACL user::rwx, user:5:rwx, group::r-x, mask::rw-, other::r--, as setfacl -d would set it.
    const entries = [[0x01, 7, -1], [0x02, 7, 5], [0x04, 5, -1], [0x10, 6, -1], [0x20, 4, -1]] as const;
    const acl = new DataView(new ArrayBuffer(4 + 8 * entries.length));
    acl.setUint32(0, 2, true);
    for (const [index, [tag, permissions, id]] of entries.entries()) {
      acl.setUint16(4 + index * 8, tag, true);
      acl.setUint16(6 + index * 8, permissions, true);
      acl.setInt32(8 + index * 8, id, true);
    }
    setAcl(`${root}/acl`, "default", new Uint8Array(acl.buffer));
    await inside("for at in setgid acl etc; do mkdir $at/own; : >$at/own-file; ln -s x $at/own-link; done");
    for (const at of ["setgid", "acl", "etc"]) {
      await using writer = files.writer(`/${at}`, { name: "", directory: true, signal });
      for (const finish of [false, true]) {
        await makeDirectory(writer, { path: "new", mode: 0o777, modifiedNs: 0n, finish });
      }
      const file = writer.file({ path: "new-file", mode: 0o666, resume: false }, async function* () {});
      await file.whole;
      await makeLink(writer, { path: "new-link", to: "x" });
      for (const kind of ["", "-file", "-link"]) {
        const seen = await inside(`stat -c '%u:%g %a' ${at}/own${kind} ${at}/new${kind}`);
        const [own, made] = seen.split("\n");
        assert.equal(made, own, `${at} ${kind}`);
      }
      for (const kind of ["", "-file"]) {
        assert.deepEqual(getAcl(`${root}/${at}/new${kind}`), getAcl(`${root}/${at}/own${kind}`), `${at} ${kind}`);
      }
    }
    assert.equal(await inside("stat -c '%g %a' setgid/new setgid/new-file"), "777 2755\n777 644\n");
  },
);

const { symbols: { setxattr, getxattr } } = Deno.dlopen("libc.so.6", {
  setxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
  getxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "isize" },
});

function setAcl(path: string, kind: "default" | "access", acl: Uint8Array<ArrayBuffer>): void {
  assert.equal(setxattr(cString(path), cString(`system.posix_acl_${kind}`), acl, BigInt(acl.length), 0), 0, path);
}

/** Returns both ACLs of a path; empty where it has none. */
function getAcl(path: string): Uint8Array[] {
  return ["access", "default"].map((kind) => {
    const buffer = new Uint8Array(256);
    const length = getxattr(cString(path), cString(`system.posix_acl_${kind}`), buffer, BigInt(buffer.length));
    return buffer.slice(0, Math.max(0, Number(length)));
  });
}
