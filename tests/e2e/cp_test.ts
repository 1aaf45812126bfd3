import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import { digest, FileWorld, noise, sha256, treeOf } from "./files.ts";
import { debugPods, demoPods, kubectl } from "./kube.ts";
import { eventsOf, scope, scopeArgv, scopeEnv, startScope } from "./scope.ts";
import { SlowNetwork } from "./slow_network.ts";
import { testedWays } from "./ways.ts";

/** Bytes per second: 100 MB take at least ten seconds, so that an interruption meets the middle of the transfer. */
const slowly = 10_000_000;
const part = (name: string) => `.${name}.scope-part`;

for (const { via: way } of testedWays) {
  Deno.test(`cp by the ${way} Way`, async (t) => {
    await using world = await FileWorld.make(way);
    const { here } = world, local = (path: string) => here.call(world, path);
    Deno.mkdirSync(local("etc"));
    for (const name of ["hosts", "app.conf", "map.conf"]) Deno.writeTextFileSync(local(`etc/${name}`), "# mine\n");
    Deno.writeFileSync(local("big"), noise(100_000_000));
    const [into, summary] = await world.events(0, "cp", local("big"), ":/tmp/big");
    await world.sh("echo x >/tmp/suid && chmod 6755 /tmp/suid");

    await t.step("100 MB into the pod and out of it are the same bytes, and the event has their hash", async () => {
      const hash = await sha256(local("big"));
      assert.deepEqual([into?.type, into?.sizeBytes, into?.sha256], ["cp.file", 100_000_000, hash]);
      assert.deepEqual([summary?.type, summary?.files, summary?.copiedBytes], ["cp.summary", 1, 100_000_000]);
      assert.equal((await world.sh("sha256sum /tmp/big")).slice(0, 64), hash);
      const [out] = await world.events(0, "cp", ":/tmp/big", local("back"));
      assert.equal(out?.sha256, hash);
      assert.equal(await sha256(local("back")), hash);
      assert.deepEqual(Deno.statSync(local("back")).mtime, Deno.statSync(local("big")).mtime);
      // A file that exists with equal content is not sent again.
      const [again, nothing] = await world.events(0, "cp", ":/tmp/big", local("back"));
      assert.deepEqual([again?.resumedBytes, nothing?.copiedBytes], [100_000_000, 0]);
    });

    await t.step("killed on its way out, the same command goes on from there", async () => {
      await using slowNetwork = await SlowNetwork.open(slowly);
      await using first = startScope(world.args("cp", ":/tmp/big", local("killed")), slowNetwork.options);
      await until("some of it to be here", 30, () => sizeOf(local(part("killed"))) > 5_000_000);
      first.signal("SIGKILL");
      await first.exit();
      assert.equal(sizeOf(local("killed")), -1);
      const [file] = await world.events(0, "cp", ":/tmp/big", local("killed"));
      assert.ok(
        Number(file?.resumedBytes) > 5_000_000 && Number(file?.resumedBytes) < 100_000_000,
        JSON.stringify(file),
      );
      assert.equal(await sha256(local("killed")), await sha256(local("big")));
      assert.equal(sizeOf(local(part("killed"))), -1);
    });

    await t.step("killed on its way in, the same command goes on from there", async () => {
      await using slowNetwork = await SlowNetwork.open(slowly);
      await using first = startScope(world.args("cp", local("big"), ":/tmp/killed"), slowNetwork.options);
      const there = async () => Number(await world.sh(`stat -c %s /tmp/${part("killed")} 2>/dev/null || echo 0`));
      await until("some of it to be there", 30, async () => await there() > 5_000_000);
      first.signal("SIGKILL");
      await first.exit();
      const [file] = await world.events(0, "cp", local("big"), ":/tmp/killed");
      assert.ok(
        Number(file?.resumedBytes) > 5_000_000 && Number(file?.resumedBytes) < 100_000_000,
        JSON.stringify(file),
      );
      assert.equal((await world.sh("sha256sum /tmp/killed")).slice(0, 64), await sha256(local("big")));
      assert.equal(await world.sh("ls -A /tmp | grep scope-part || true"), "");
    });

    await t.step("Ctrl-C says that the part is kept and how to go on, and ends with 130", async () => {
      await using slowNetwork = await SlowNetwork.open(slowly);
      await using first = startScope(world.args("cp", ":/tmp/big", local("stopped")), slowNetwork.options);
      await until("some of it to be here", 30, () => sizeOf(local(part("stopped"))) > 5_000_000);
      first.signal("SIGINT");
      assert.equal(await first.exit(), 130);
      assert.match(
        first.stderr,
        /^what was copied is kept in ".*\/\.stopped\.scope-part"; the same command goes on from there$/m,
      );
      // A partial file that is not the start of the file is not used.
      Deno.writeFileSync(local(part("stopped")), noise(1_000_000));
      const [file] = await world.events(0, "cp", ":/tmp/big", local("stopped"));
      assert.equal(file?.resumedBytes, undefined);
      assert.equal(await sha256(local("stopped")), await sha256(local("big")));
    });

    await t.step(
      "a directory with odd names, links, empty files and modes goes in and comes back as it was",
      async () => {
        const tree = local("tree"), odd = ["with blank", "-dash", "new\nline", "ünï", "'quote\"", "*", ":colon"];
        Deno.mkdirSync(`${tree}/sub/empty directory`, { recursive: true });
        for (const name of odd) Deno.writeTextFileSync(`${tree}/sub/${name}`, name);
        Deno.writeFileSync(`${tree}/empty`, new Uint8Array());
        Deno.writeTextFileSync(`${tree}/program`, "#!/bin/sh\n", { mode: 0o755 });
        Deno.chmodSync(`${tree}/program`, 0o4755);
        Deno.chmodSync(`${tree}/sub/empty directory`, 0o500);
        Deno.symlinkSync("/etc/shadow", `${tree}/absolute`);
        Deno.symlinkSync("../../../../nowhere", `${tree}/sub/upwards`);
        const events = await world.events(0, "cp", tree, ":/tmp/tree");
        assert.equal(events.at(-1)?.files, odd.length + 2);
        assert.equal(await world.sh("readlink /tmp/tree/absolute; stat -c %a /tmp/tree/program"), "/etc/shadow\n755\n");
        await world.events(0, "cp", ":/tmp/tree", local("tree back"));
        assert.deepEqual(treeOf(local("tree back")), treeOf(tree));
        for (const name of odd) assert.equal(Deno.readTextFileSync(local(`tree back/sub/${name}`)), name);
        assert.equal(Deno.readLinkSync(local("tree back/absolute")), "/etc/shadow");
        assert.equal(Deno.readLinkSync(local("tree back/sub/upwards")), "../../../../nowhere");
        const mode = (path: string) => Deno.lstatSync(path).mode! & 0o7777;
        assert.deepEqual([mode(local("tree back/program")), mode(local("tree back/sub/empty directory"))], [
          0o755,
          0o500,
        ]);
        assert.deepEqual(Deno.statSync(local("tree back/sub")).mtime, Deno.statSync(`${tree}/sub`).mtime);
        // Into an existing directory: under the source's own name, and with `/.` only its content.
        await world.events(0, "cp", ":/tmp/tree", world.directory);
        assert.ok(treeOf(world.directory).includes("tree/empty"));
        await world.events(0, "cp", `${tree}/.`, ":/work");
        assert.equal(await world.sh("cat /work/sub/-dash"), "-dash");
        Deno.chmodSync(`${tree}/sub/empty directory`, 0o700);
      },
    );

    await t.step("many small files go in and come back, and none is lost", async () => {
      const many = local("many");
      for (let at = 0; at < 3000; at++) {
        if (at % 100 === 0) Deno.mkdirSync(`${many}/${at}`, { recursive: true });
        Deno.writeTextFileSync(`${many}/${at - at % 100}/${at}`, `${at}`);
      }
      const into = await world.events(0, "cp", many, ":/tmp/many");
      assert.equal(into.at(-1)?.files, 3000);
      assert.equal(await world.sh("cat $(find /tmp/many -type f | sort) | wc -c"), "10890\n");
      const out = await world.events(0, "cp", ":/tmp/many", local("many back"));
      assert.equal(out.at(-1)?.files, 3000);
      assert.deepEqual(treeOf(local("many back")), treeOf(many));
      assert.equal(Deno.readTextFileSync(local("many back/2900/2999")), "2999");
    });

    await t.step("set-uid and set-gid bits do not reach this machine", async () => {
      await world.events(0, "cp", ":/tmp/suid", local("suid"));
      assert.equal(Deno.statSync(local("suid")).mode! & 0o7777, 0o755);
    });

    await t.step("holes stay holes, both ways", async () => {
      await world.sh(
        "cd /tmp && dd if=/dev/urandom of=sparse bs=4096 count=2 seek=5000 2>/dev/null && truncate -s 100M sparse",
      );
      const [out] = await world.events(0, "cp", ":/tmp/sparse", local("sparse"));
      const { size, blocks } = Deno.statSync(local("sparse"));
      assert.equal(size, 100 * 1024 * 1024);
      assert.ok(blocks! * 512 < 2 << 20, `${blocks} blocks`);
      assert.equal((await world.sh("sha256sum /tmp/sparse")).slice(0, 64), out?.sha256);
      await world.events(0, "cp", local("sparse"), ":/tmp/sparse2");
      assert.match(await world.sh("cmp /tmp/sparse /tmp/sparse2 && du -k /tmp/sparse2"), /^\d{1,3}\t/);
    });

    await t.step("a file that grows is copied up to the size that it had", async () => {
      await world.sh(
        "yes line | head -c 3000000 >/tmp/growing; (while :; do echo line; done >>/tmp/growing) >/dev/null 2>&1 & echo $! >/tmp/pid",
      );
      try {
        const [file] = await world.events(0, "cp", ":/tmp/growing", local("growing"));
        const size = Number(file?.sizeBytes);
        assert.ok(size >= 3_000_000, `${size}`);
        assert.equal(sizeOf(local("growing")), size);
        assert.ok(Number(await world.sh("stat -c %s /tmp/growing")) > size);
        assert.match(Deno.readTextFileSync(local("growing")), /^(line\n)+(line|lin|li|l)?$/);
      } finally {
        await world.sh("kill $(cat /tmp/pid); rm /tmp/growing");
      }
    });

    await t.step("- is standard output and input", async () => {
      const bytes = noise(3_000_000);
      const into = await world.run(["cp", "-", ":/tmp/piped"], { stdin: bytes });
      assert.equal(into.code, 0, into.stderr);
      const { code, bytes: back } = await world.run(["-o", "json", "cp", ":/tmp/piped", "-"]);
      assert.deepEqual([code, await digest(back)], [0, await digest(bytes)]);
      const noInput = await world.run(["cp", "-", ":/tmp/nothing"], { stdin: new Uint8Array() });
      assert.equal(noInput.code, 0, noInput.stderr);
      assert.equal(await world.sh("stat -c %s /tmp/nothing"), "0\n");
      const closed = await outcome("sh", [
        ...["-c", '{ "$@"; echo "code $?" >&2; } | head -c 10 | wc -c', "sh", ...scopeArgv],
        ...world.args("cp", ":/tmp/big", "-"),
      ], scopeEnv());
      assert.equal(closed.stdout.trim(), "10");
      assert.match(closed.stderr, /^code 0$/m);
      assert.match(
        await world.error(64, "cp", ":/tmp", "-"),
        /^Cannot read "\/tmp" in ".*": it is a directory$/,
      );
    });

    await t.step("what is not possible is one clear line, and leaves nothing", async () => {
      const name = `${world.namespace.name}/target:main`;
      assert.equal(
        await world.error(68, "cp", ":/no/where", world.directory),
        `Cannot read "/no/where" in "${name}": there is no such file or directory`,
      );
      assert.equal(
        await world.error(68, "cp", local("big"), ":/no/where"),
        `Cannot write "/no/where" in "${name}": there is no such file or directory`,
      );
      assert.equal(
        await world.error(68, "cp", local("none"), ":/tmp"),
        `Cannot read "${local("none")}": there is no such file or directory`,
      );
      assert.equal(
        await world.error(68, "cp", ":/tmp/suid", local("none/x")),
        `Cannot write "${local("none/x")}": there is no such file or directory`,
      );
      assert.equal(
        await world.error(68, "cp", local("etc/hosts"), ":/tmp/none/"),
        `Cannot write "/tmp/none/" in "${name}": there is no such file or directory`,
      );
      assert.match(
        await world.error(64, "cp", ":/dev/zero", local("zero")),
        /it is a device, a socket or a FIFO, which are never opened$/,
      );
      assert.match(
        await world.error(64, "cp", local("etc/hosts"), ":/dev/null"),
        /it is a device, a socket or a FIFO, which are never opened$/,
      );
      assert.equal(sizeOf(local("zero")), -1);
    });

    await t.step("one of several that fails is told, and the others are copied", async () => {
      await world.sh(
        "mkdir -p /tmp/some && cd /tmp/some && mkfifo pipe && echo a >a && printf x >\"$(printf 'b\\377')\" && echo c >c",
      );
      const events = await world.events(1, "cp", ":/tmp/some", local("some"));
      assert.deepEqual(
        events.filter(({ type }) => type === "failed").map(({ subject, reason }) => [subject, reason]).sort(),
        [
          ["b\ufffd", "its name is not UTF-8, and cannot be written here"],
          ["pipe", "it is a device, a socket or a FIFO, which are never opened"],
        ],
      );
      assert.deepEqual(treeOf(local("some")), ["a", "c"]);
    });

    await t.step("a full disk in the pod", async () => {
      const error = await world.error(69, "cp", local("big"), ":/small/big");
      assert.equal(
        error,
        `Cannot write "/small/big" in "${world.namespace.name}/target:main": no space is left on the disk`,
      );
      assert.equal(await world.sh("ls -A /small"), "");
    });

    await t.step("a file of this machine that is a mount of its own", async () => {
      const bound = local("bound");
      Deno.writeTextFileSync(bound, "old");
      assert.equal((await outcome("mount", ["--bind", bound, bound])).code, 0);
      try {
        assert.equal(
          await world.error(64, "cp", ":/tmp/suid", bound),
          `Cannot write "${bound}": it is a mount of its own, which cannot be replaced`,
        );
        assert.equal(Deno.readTextFileSync(bound), "old");
      } finally {
        assert.equal((await outcome("umount", [bound])).code, 0);
      }
    });

    await t.step("a full disk on this machine", async () => {
      const disk = local("disk");
      Deno.mkdirSync(disk);
      assert.equal((await outcome("mount", ["-t", "tmpfs", "-o", "size=20m", "tmpfs", disk])).code, 0);
      try {
        assert.equal(
          await world.error(69, "cp", ":/tmp/big", disk),
          `Cannot write "${disk}/big": no space is left on the disk`,
        );
        assert.deepEqual(treeOf(disk), []);
      } finally {
        assert.equal((await outcome("umount", [disk])).code, 0);
      }
    });

    await t.step("a file that is a mount of its own is written into, and stays mounted", async () => {
      const mounted = "grep -oE ' /etc/(hosts|app.conf|map.conf) ' /proc/1/mountinfo | sort | tr -d '\n'; ";
      const all = " /etc/app.conf  /etc/hosts  /etc/map.conf ", name = `${world.namespace.name}/target:main`;
      await world.events(0, "cp", local("etc/hosts"), ":/etc/hosts");
      await world.events(0, "cp", local("etc/app.conf"), ":/etc/app.conf");
      assert.equal(
        await world.error(77, "cp", local("etc/map.conf"), ":/etc/map.conf"),
        `Cannot write "/etc/map.conf" in "${name}": it is a mount of its own, and read-only`,
      );
      const seen = mounted + "cat /etc/hosts /shared/app.conf /etc/map.conf; stat -c '%u:%g %a' /shared/app.conf; " +
        "ls -A /etc | grep scope || true";
      assert.equal(await world.sh(seen), `${all}# mine\n# mine\nof the map\n5:6 640\n`);
      Deno.writeTextFileSync(local("etc/app.conf"), "# of a directory\n");
      const events = await world.events(1, "cp", `${local("etc")}/.`, ":/etc");
      assert.deepEqual(events.filter(({ type }) => type === "failed").map(({ subject }) => subject), ["map.conf"]);
      assert.equal(await world.sh(seen), `${all}# mine\n# of a directory\nof the map\n5:6 640\n`);
      assert.equal(
        await world.error(64, "cp", local("etc/hosts"), ":/proc/sys/kernel/hostname"),
        `Cannot write "/proc/sys/kernel/hostname" in "${name}": ` +
          "it is on a file system of the kernel, where nothing is written",
      );
    });

    await t.step(
      "what goes into a directory with the set-gid bit has its group and the bit, as what the target makes",
      async () => {
        await world.events(0, "cp", local("etc"), ":/shared/team/new");
        const made = await world.sh(
          "cd /shared/team && mkdir -p own/sub && stat -c '%u:%g %a' own own/sub new new/hosts && rm -r own new",
        );
        assert.equal(made, "0:778 2755\n0:778 2755\n0:778 2755\n0:778 644\n");
      },
    );

    await t.step("a link at the end is followed", async () => {
      await world.sh("mkdir -p /tmp/real && echo old >/tmp/real/file && ln -sf real/file /tmp/to-file");
      await world.events(0, "cp", local("etc/hosts"), ":/tmp/to-file");
      assert.equal(await world.sh("readlink /tmp/to-file; cat /tmp/real/file"), "real/file\n# mine\n");
    });

    await t.step("a copy that gets the pod evicted is warned of, before anything is written", async () => {
      const { code, stderr } = await world.run(["cp", local("big"), ":/limited/big"]);
      assert.equal(code, 77);
      assert.match(
        stderr,
        /^warning: the kubelet evicts the pod "target" when this is copied: 95\.4M into the volume "limited", an emptyDir with a sizeLimit of 1Mi$/m,
      );
    });

    await t.step("a directory and a link that change places while it copies never lead out of the target", async () => {
      // The endoscope image contains this file, the target does not.
      const swap = (to: string) =>
        world.sh(
          "rm -rf /tmp/swap && mkdir -p /tmp/swap/x && for i in $(seq 50); do echo inside >/tmp/swap/x/f$i; done; " +
            "echo inside >/tmp/swap/x/debian_version; cd /tmp/swap; " +
            `(while :; do mv x y; ln -s ${to} x; rm x; mv y x; done) >/dev/null 2>&1 & echo $! >/tmp/pid`,
        );
      for (const to of ["/etc", "../../../../../../etc", "/proc/1/root/etc"]) {
        await swap(to);
        try {
          for (let round = 0; round < 2; round++) {
            const out = local(`swap${round}`);
            await world.run(["-o", "json", "cp", ":/tmp/swap", out]);
            for (const path of treeOf(out).filter((path) => Deno.lstatSync(`${out}/${path}`).isFile)) {
              assert.match(Deno.readTextFileSync(`${out}/${path}`), /^(inside\n|planted)$/, path);
            }
            await world.run(["cp", ":/tmp/swap/x/debian_version", `${out}-file`]);
            if (sizeOf(`${out}-file`) >= 0) assert.equal(Deno.readTextFileSync(`${out}-file`), "inside\n");
            const planted = local("planted");
            Deno.mkdirSync(`${planted}/x`, { recursive: true });
            Deno.writeTextFileSync(`${planted}/x/planted`, "planted");
            await world.run(["-o", "json", "cp", `${planted}/.`, ":/tmp/swap"]);
            await world.run(["cp", `${planted}/x/planted`, ":/tmp/swap/x/planted2"]);
            Deno.removeSync(out, { recursive: true });
            if (sizeOf(`${out}-file`) >= 0) Deno.removeSync(`${out}-file`);
          }
        } finally {
          await world.sh("kill $(cat /tmp/pid)");
        }
        // Below the named directory no symlink is followed at all.
        assert.equal(await world.sh("ls /etc/planted 2>/dev/null || true"), "");
        assert.deepEqual((await endoscopeFiles(world)).filter((path) => path.includes("planted")), []);
        await world.sh("rm -f /etc/planted2");
      }
    });

    await t.step("a link that an earlier copy brought is not followed by a later one", async () => {
      const out = local("hostile"), outside = local("outside");
      Deno.mkdirSync(outside);
      await world.sh(`rm -rf /tmp/h && mkdir /tmp/h && ln -s ${outside} /tmp/h/a && ln -s ${outside}/f /tmp/h/f`);
      await world.events(0, "cp", ":/tmp/h", out);
      assert.equal(Deno.readLinkSync(`${out}/a`), outside);
      await world.sh("cd /tmp/h && rm a f && mkdir a && echo bad >a/b && echo bad >f");
      const events = await world.events(1, "cp", ":/tmp/h/.", out);
      assert.deepEqual(events.filter(({ type }) => type === "failed").map(({ subject }) => subject), ["a", "a/b"]);
      assert.deepEqual(treeOf(outside), []);
      assert.ok(Deno.lstatSync(`${out}/f`).isFile, "the link itself was replaced");
    });

    await t.step("-L copies what links point to, inside the target's root", async () => {
      await world.sh(
        "rm -rf /tmp/l && mkdir /tmp/l && echo one >/tmp/one && ln -s /tmp/one /tmp/l/abs && ln -s ../../../../../tmp/one /tmp/l/up && ln -s . /tmp/l/loop",
      );
      const events = await world.events(1, "cp", "-L", ":/tmp/l", local("followed"));
      assert.equal(
        Deno.readTextFileSync(local("followed/abs")) + Deno.readTextFileSync(local("followed/up")),
        "one\none\n",
      );
      assert.deepEqual(events.filter(({ type }) => type === "failed").map(({ subject }) => subject), ["loop"]);
    });
  });
}

/** Lists new files in the endoscope image's file system, where nothing of a target may ever appear. */
async function endoscopeFiles(world: FileWorld): Promise<string[]> {
  const { name } = world.namespace;
  const find = ["find", "/", "-xdev", "-newer", "/opt/scope/manager.js", "-type", "f"];
  if (world.way === "ephemeral") {
    const pod = JSON.parse(await kubectl(["-n", name, "get", "pod", "target", "-o", "json"]));
    const containers: { name: string }[] = pod.spec.ephemeralContainers;
    return (await kubectl(["-n", name, "exec", "target", "-c", containers.at(-1)!.name, "--", ...find])).split("\n");
  }
  const [pod] = await debugPods(name);
  return (await kubectl(["-n", name, "exec", pod!.metadata.name, "--", ...find])).split("\n");
}

function sizeOf(path: string): number {
  try {
    return Deno.lstatSync(path).size;
  } catch {
    return -1;
  }
}

for (const { via: way } of testedWays) {
  Deno.test(`cp of a distroless, read-only pod by the ${way} Way`, async (t) => {
    const [api] = await demoPods("api");
    const args = ["-n", "demo", "-p", api!.metadata.name, "--via", way];
    const directory = Deno.makeTempDirSync({ prefix: "scope-e2e-files-" });
    try {
      await t.step("copies out of it", async () => {
        const { code, stdout, stderr } = await scope([...args, "-o", "json", "cp", ":/agnhost", directory]);
        assert.equal(code, 0, stderr);
        const [file] = eventsOf(stdout);
        assert.equal(file?.sha256, await sha256(`${directory}/agnhost`));
      });
      await t.step("says that it is read-only", async () => {
        Deno.writeTextFileSync(`${directory}/x`, "x");
        const { code, stderr } = await scope([...args, "cp", `${directory}/x`, ":/x"]);
        const name = `demo/${api!.metadata.name}:${api!.spec.containers[0].name}`;
        assert.equal(code, 77, stderr);
        assert.match(stderr, new RegExp(`^error: Cannot write "/x" in "${name}": its file system is read-only$`, "m"));
      });
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}

Deno.test("cp gives new files to the target's user and the volume's group, and a replaced one keeps its owner", async () => {
  await using world = await FileWorld.make("node");
  const securityContext = { runAsUser: 4711, runAsGroup: 4712, fsGroup: 777 };
  await world.namespace.pod("user", {
    spec: {
      securityContext,
      containers: [{
        name: "main",
        image: "localhost/busybox:1",
        command: ["sh", "-c", "umask 027; exec sleep infinity"],
        volumeMounts: [{ name: "data", mountPath: "/data" }],
      }],
      volumes: [{ name: "data", emptyDir: {} }],
    },
  });
  const args = ["-n", world.namespace.name, "-p", "user"];
  Deno.mkdirSync(world.here("conf/sub"), { recursive: true });
  Deno.writeTextFileSync(world.here("conf/sub/a"), "a", { mode: 0o644 });
  const ok = async (...more: string[]) => {
    const { code, stderr } = await scope([...args, ...more]);
    assert.equal(code, 0, stderr);
  };
  const sh = (script: string) => kubectl(["-n", world.namespace.name, "exec", "user", "--", "sh", "-c", script]);
  // The target itself creates the directories there.
  await sh("umask 027; mkdir -p /tmp/own/sub /data/own/sub; : >/tmp/own/sub/a; : >/data/own/sub/a");
  for (const way of ["node", "ephemeral"]) {
    await ok("--via", way, "cp", world.here("conf"), `:/tmp/${way}`);
    await ok("--via", way, "cp", world.here("conf"), `:/data/${way}`);
    for (const directory of ["/tmp", "/data"]) {
      const [own, made] = await Promise.all(
        ["own", way].map((name) => sh(`cd ${directory}/${name} && stat -c '%u:%g %a %n' . sub sub/a`)),
      );
      assert.equal(made, own, `${directory} by ${way}`);
    }
  }
  assert.equal(await sh("stat -c '%u:%g %a' /data/node/sub /data/node/sub/a"), "4711:777 2750\n4711:777 640\n");
  await ok("--via", "node", "cp", world.here("conf/sub/a"), ":/etc/passwd");
  assert.equal(await sh("stat -c %u:%g /etc/passwd"), "0:0\n");
});

Deno.test("cp names its pod as kubectl does, with TYPE/NAME and another namespace", async () => {
  const directory = Deno.makeTempDirSync({ prefix: "scope-e2e-files-" });
  try {
    for (const [index, place] of ["demo/web:/srv/index.html", "demo/deploy/web:/srv/index.html"].entries()) {
      const { code, stderr } = await scope(["cp", place, `${directory}/${index}`]);
      assert.equal(code, 0, stderr);
      assert.match(Deno.readTextFileSync(`${directory}/${index}`), /^web-/);
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
