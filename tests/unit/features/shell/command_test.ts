import assert from "node:assert/strict";
import { shell } from "../../../../src/features/shell/command.ts";
import type { RawOptions } from "../../../../src/options.ts";
import { refuses } from "../../refuses.ts";
import type { World } from "../world.ts";
import { worldOf } from "../world.ts";

const globals = { namespace: "shop", pod: "web" };

async function shelling(options: RawOptions, command: string[], world: World = {}) {
  const { context, did, place } = worldOf({ globals, ...world });
  return { code: await shell.run(context, options, command), did, run: place.seen.options, place };
}

Deno.test("shell runs a shell in the target's namespaces, and returns its exit code", async () => {
  const { code, did, run, place } = await shelling({}, []);
  assert.equal(code, 7);
  assert.equal(run?.argv[0], "bash");
  assert.deepEqual(run?.namespaces, ["net", "pid", "uts", "ipc"]);
  assert.deepEqual(did.attached, [place.run]);
  assert.ok(place.seen.disposed);
});

Deno.test("shell passes a command on unchanged, without a terminal if there is none", async () => {
  const { run } = await shelling({}, ["sh", "-c", "a  b", "--help", ""]);
  assert.deepEqual([run?.argv, run?.pty, run?.env], [["sh", "-c", "a  b", "--help", ""], undefined, undefined]);
});

Deno.test("shell runs in a terminal of the window's size and type if there is one", async () => {
  const { run } = await shelling({}, ["top"], { interactive: true });
  assert.deepEqual([run?.pty, run?.env], [{ columns: 100, rows: 30 }, { TERM: "xterm" }]);
});

Deno.test("shell -t names the container, and overrides --container", async () => {
  assert.deepEqual((await shelling({ target: "main" }, [])).did.entered, [{ pod: "web", container: "main" }]);
  const both = await shelling({ target: "main" }, [], { globals: { ...globals, container: "other" } });
  assert.deepEqual(both.did.entered, [{ pod: "web", container: "main" }]);
});

Deno.test("shell --inside needs a way into the target, and runs the command there", async () => {
  const { did, run } = await shelling({ inside: true }, []);
  assert.deepEqual(did.needs, [{ inside: true }]);
  assert.deepEqual(run, { argv: [], namespaces: [], inside: { privileged: false } });
  const command = await shelling({ inside: true, user: "7:8" }, ["ls", "-l"], { interactive: true });
  assert.deepEqual(command.run, {
    argv: ["ls", "-l"],
    namespaces: [],
    inside: { privileged: false, user: "7:8" },
    pty: { columns: 100, rows: 30 },
    env: { TERM: "xterm" },
  });
  assert.deepEqual(command.did.said, []);
  assert.deepEqual(command.did.needs, [{ inside: "other" }]);
});

Deno.test("shell --inside --privileged prints the risk", async () => {
  const { did, run } = await shelling({ inside: true, privileged: true }, []);
  assert.deepEqual(run?.inside, { privileged: true });
  assert.deepEqual(did.needs, [{ inside: "other" }]);
  assert.match(did.said.join("\n"), /^this shell is root with all capabilities of the /);
});

Deno.test("shell --volumes asks for the target's volumes", async () => {
  assert.deepEqual((await shelling({ volumes: true }, [])).did.needs, [{
    files: "wanted",
    writes: true,
    volumes: true,
  }]);
  assert.deepEqual((await shelling({ inside: true, volumes: true }, [])).did.needs, [{ inside: true, volumes: true }]);
});

Deno.test("shell explains a pod's limit of files on disk for each way, and prints nothing without a limit", async () => {
  const said = async (options: RawOptions, world: World) => (await shelling(options, ["true"], world)).did.said;
  const limited = { target: { storage: { emptyDirs: {}, pod: { bytes: 20 * 2 ** 20, text: "20Mi" } } } };
  const limit = 'pod "shop/web" is evicted when its files take more than 20Mi';
  assert.deepEqual(await said({}, { ...limited, way: "ephemeral" }), [
    `${limit}: here nothing is written to disk but in $SCOPE_ROOT, where it counts; $TMPDIR and /dev/shm are memory`,
  ]);
  assert.deepEqual(await said({}, { ...limited, way: "node", interactive: true }), [
    `${limit}: what is written in $SCOPE_ROOT counts, what is written elsewhere does not`,
  ]);
  assert.deepEqual(await said({ inside: true }, { ...limited, way: "ephemeral" }), [
    `${limit}, and those that are written here are its files`,
  ]);
  assert.deepEqual(await said({}, { ...limited, way: "node" }), []);
  assert.deepEqual(await said({}, { way: "ephemeral", interactive: true }), []);
});

for (
  const [options, message] of [
    [{ privileged: true }, "Option --privileged needs --inside"],
    [{ user: "0" }, "Option --user needs --inside"],
    ...["root", "", "-1", "1:", ":1", "1:2:3", "4294967295", "1:4294967295", "99999999999", "0x0", " 1"].map((
      user,
    ) => [{ inside: true, user }, `Option --user cannot be "${user}"`]),
  ] as [RawOptions, string][]
) {
  Deno.test(`shell refuses ${JSON.stringify(options)} before it connects`, async () => {
    const { context, did } = worldOf({ globals });
    await refuses(shell.run(context, options, []), message);
    assert.deepEqual(did.entered, []);
  });
}
