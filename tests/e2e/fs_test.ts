import assert from "node:assert/strict";
import { outcome } from "./cluster_script.ts";
import { digest, FileWorld } from "./files.ts";
import { demoPods, TestNamespace } from "./kube.ts";
import { eventsOf, scope, scopeArgv, scopeEnv, scopeOk, startScope } from "./scope.ts";
import { testedWays } from "./ways.ts";

for (const { via: way } of testedWays) {
  Deno.test(`fs by the ${way} Way`, async (t) => {
    await using world = await FileWorld.make(way);
    const name = `${world.namespace.name}/target:main`;

    await world.sh(
      "mkdir -p /tmp/d/sub && cd /tmp/d && echo hello >a && echo x >.hidden && ln -s a link && " +
        "chown 4711:65534 a && chmod 4755 a && touch -d '2020-02-03 04:05:06' a && mkfifo pipe && truncate -s 5M holes && touch 'two\nlines'",
    );
    await world.sh("head -c 3000000 /dev/urandom >/tmp/random && cat /tmp/random /tmp/d/holes /tmp/d/a >/tmp/all");

    await t.step("ls has what ls -lin in the container prints", async () => {
      const lines = (await world.sh("ls -linA --full-time /tmp/d 2>/dev/null || ls -linA /tmp/d")).trim().split("\n")
        .slice(1);
      const events = await world.events(0, "fs", "ls", "-a", "/tmp/d");
      assert.equal(events.length, 7);
      const seen = lines.map((line) => line.trim().split(/\s+/)).map(([inode, , , uid, gid]) =>
        `${inode} ${uid} ${gid}`
      );
      assert.deepEqual(events.map(({ inode, uid, gid }) => `${inode} ${uid} ${gid}`).sort(), seen.sort());
      const a = events.find(({ path }) => path === "a");
      assert.deepEqual([a?.kind, a?.mode, a?.modified, a?.owner, a?.group], [
        ...["file", "4755", "2020-02-03T04:05:06.000Z", undefined, "nogroup"],
      ]);
      assert.equal(events.find(({ path }) => path === "link")?.link, "a");
      assert.equal(events.find(({ path }) => path === "holes")?.allocatedBytes, 0);
      assert.equal(events.find(({ path }) => path === "pipe")?.kind, "fifo");
    });

    await t.step("ls prints a table, without names that begin with a dot, -R what is in directories", async () => {
      await world.sh("echo deep >/tmp/d/sub/deep");
      const { stdout, code } = await world.run(["fs", "ls", "/tmp/d"]);
      assert.equal(code, 0);
      const lines = stdout.trimEnd().split("\n");
      assert.match(lines[0]!, /^ *INODE +MODE +OWNER +GROUP +BYTES +MODIFIED \(UTC\) +NAME$/);
      assert.match(lines[1]!, /^ *\d+ +-rwsr-xr-x +4711 +nogroup +6 +2020-02-03 04:05 +a$/);
      assert.deepEqual(lines.slice(1).map((line) => line.split("  ").at(-1)), [
        ...["a", "holes", "link -> a", "pipe", "sub", "two\\nlines"],
      ]);
      // Programs get the names unchanged, whatever the locale.
      await world.sh(
        "mkdir /tmp/names && touch \"$(printf '/tmp/names/a\\342\\200\\215b \\342\\200\\223 \\033[31m')\"",
      );
      for (const LC_ALL of ["C", "C.UTF-8"]) {
        const names = await world.run(["fs", "ls", "/tmp/names"], { env: { LC_ALL } });
        assert.ok(names.stdout.endsWith("  a\u200db \u2013 \x1b[31m\n"), names.stdout);
      }
      const deep = await world.events(0, "fs", "ls", "-R", "/tmp/d");
      assert.ok(deep.some(({ path }) => path === "/tmp/d/sub/deep"));
      // Without a path: the working directory of the first process.
      await world.sh("touch /work/here");
      assert.deepEqual((await world.events(0, "fs", "ls")).map(({ path }) => path), ["here"]);
    });

    await t.step("cat prints the bytes of files one after another, holes too", async () => {
      const { bytes, code } = await world.run(["fs", "cat", "/tmp/random", "/tmp/d/holes", "/tmp/d/link"]);
      assert.deepEqual([code, await digest(bytes)], [0, (await world.sh("sha256sum /tmp/all")).slice(0, 64)]);
      assert.match((await world.run(["fs", "cat", "/proc/1/status"])).stdout, /^Name:\tsleep$/m);
    });

    await t.step("what cannot be read is one line", async () => {
      assert.equal(
        await world.error(68, "fs", "cat", "/none"),
        `Cannot read "/none" in "${name}": there is no such file or directory`,
      );
      assert.equal(await world.error(64, "fs", "cat", "/tmp"), `Cannot read "/tmp" in "${name}": it is a directory`);
      assert.match(
        await world.error(64, "fs", "cat", "/tmp/d/pipe"),
        /it is a device, a socket or a FIFO, which are never opened$/,
      );
      assert.equal(
        await world.error(68, "fs", "ls", "/none"),
        `Cannot list "/none" in "${name}": there is no such file or directory`,
      );
      const some = await world.run(["fs", "cat", "/tmp/d/a", "/none", "/tmp/d/a"]);
      assert.deepEqual([some.code, some.stdout], [1, "hello\nhello\n"]);
      assert.match(some.stderr, /^\/none: there is no such file or directory$/m);
    });

    await t.step("a link that leads out of the root leads to the target's own file", async () => {
      await world.sh(
        "ln -s /etc/debian_version /tmp/out; ln -s ../../../../../../etc/passwd /tmp/up; ln -s /proc/1/root/etc /tmp/magic",
      );
      assert.match(await world.error(68, "fs", "cat", "/tmp/out"), /there is no such file or directory$/);
      assert.equal((await world.run(["fs", "cat", "/tmp/up"])).stdout, await world.sh("cat /etc/passwd"));
      assert.equal((await world.run(["fs", "ls", "/tmp/magic/"])).code, 77);
    });

    await t.step("cat into a closed pipe ends well", async () => {
      const { stderr, stdout } = await outcome("sh", [
        ...["-c", '{ "$@"; echo "code $?" >&2; } | head -c 5', "sh", ...scopeArgv],
        ...world.args("fs", "cat", "/tmp/all", "/tmp/all"),
      ], scopeEnv());
      assert.equal(stdout.length > 0, true);
      assert.match(stderr, /^code 0$/m);
    });

    await t.step(
      "find has the path of what ls -i printed in the container, all hard links, and the layer",
      async () => {
        await world.sh("echo own >/tmp/own && ln /tmp/own /tmp/d/sub/other");
        const inodeOf = async (path: string) => (await world.sh(`ls -di ${path}`)).trim().split(/\s+/)[0]!;
        const own = await world.events(0, "fs", "find", await inodeOf("/tmp/own"));
        assert.deepEqual(own.map(({ path }) => path).sort(), ["/tmp/d/sub/other", "/tmp/own"]);
        const ofImage = await world.events(0, "fs", "find", await inodeOf("/bin/busybox"));
        const found = ofImage.find(({ path }) => path === "/bin/busybox");
        assert.ok(found !== undefined, JSON.stringify(ofImage));
        if (way === "ephemeral") {
          assert.deepEqual([found.layers, found.noLayers], [[], "the files of the node cannot be seen from here"]);
        } else {
          const [layer] = found.layers as { directory: string; upper: boolean; sameInode: boolean; nodePath: string }[];
          assert.deepEqual([layer?.upper, layer?.sameInode], [false, true]);
          assert.equal(layer?.nodePath, `${layer?.directory}/bin/busybox`);
          const there = (own.find(({ path }) => path === "/tmp/own")?.layers as { upper: boolean }[])[0];
          assert.equal(there?.upper, true);
          // Copied up: the inode number stays, and the visible file is in the container's own layer.
          await world.sh("echo more >>/etc/group");
          const [group] = await world.events(0, "fs", "find", await inodeOf("/etc/group"));
          assert.deepEqual((group?.layers as { upper: boolean }[]).map(({ upper }) => upper), [true, false]);
        }
        const { stdout } = await world.run(["fs", "find", await inodeOf("/tmp/own")]);
        assert.match(stdout, /^\/tmp\/own\n {2}\S/m);
        assert.match(await world.error(68, "fs", "find", "999999999999"), /^Cannot find inode 999999999999 in/);
        assert.match(await world.error(64, "fs", "find", "x"), /^Inode cannot be "x"$/);
      },
    );

    await t.step("Ctrl-C ends a list of everything", async () => {
      const { code, stdout } = await world.run(["-o", "json", "fs", "ls", "-aR", "/"]);
      assert.equal(code, 1, "file systems of the kernel are told as failed");
      const failed = eventsOf(stdout).filter(({ type }) => type === "failed").map(({ subject }) => subject);
      assert.ok(failed.includes("/proc") && failed.includes("/sys"), failed.join());
    });
  });

  Deno.test(`fs of a distroless pod by the ${way} Way`, async () => {
    const [api] = await demoPods("api");
    const args = ["-n", "demo", "-p", api!.metadata.name, "--via", way];
    assert.match(await scopeOk(...args, "fs", "ls", "/"), / agnhost$/m);
    assert.match(await scopeOk(...args, "fs", "cat", "/etc/hosts"), /localhost/);
    const { code } = await scope([...args, "fs", "cat", "/etc/shadow"]);
    assert.notEqual(code, 0);
  });
}

Deno.test("A target whose file system does not answer holds up nobody else on its node", async () => {
  await using namespace = await TestNamespace.make();
  const image = "localhost/busybox:1", securityContext = { privileged: true };
  const mount = "mkdir /hung && exec 3<>/dev/fuse && " +
    "mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 hung /hung && exec sleep infinity";
  const pod = (name: string, command: string[]) =>
    namespace.pod(name, {
      spec: { nodeName: "node1", containers: [{ name: "main", image, command, securityContext }] },
    });
  await Promise.all([pod("hung", ["sh", "-c", mount]), pod("other", ["sleep", "infinity"])]);
  const args = (name: string) => ["-n", namespace.name, "-p", name, "--via", "node"];
  await scopeOk(...args("hung"), "fs", "ls", "/etc"); // starts the manager
  await using hung = startScope([...args("hung"), "fs", "ls", "/hung"]);
  for (const name of ["other", "hung"]) {
    assert.match(await scopeOk(...args(name), "fs", "ls", "/etc"), / passwd$/m);
    assert.match(await scopeOk(...args(name), "pids"), / sleep infinity$/m);
  }
  assert.equal(await hung.exit(), 75);
  assert.match(hung.stderr, /^error: .*a file system at or below "\/hung" does not answer$/m);
  await scopeOk("-n", namespace.name, "cleanup", "-p", "all");
});
