import assert from "node:assert/strict";
import { version } from "../../src/version.ts";
import { CHECKOUT, type Outcome, outcome } from "./cluster_script.ts";
import { buildGoPrograms } from "./go_programs.ts";
import { makePackages, NewUser, PACKAGES, packageSettings, type Place } from "./installed.ts";
import { scopeEnv } from "./scope.ts";

const image = scopeEnv().SCOPE_IMAGE!;
const platform = `${Deno.build.os}-${Deno.build.arch === "x86_64" ? "amd64" : "arm64"}`;
const krew = await buildGoPrograms("krew");

type Run = (args: readonly string[], place?: Place) => Promise<Outcome>;

/** Runs the first commands of a new user; the image's name is built in or in the environment. */
async function works(run: Run, place: Place = {}): Promise<void> {
  assert.deepEqual(await run(["--version"], place), { code: 0, stdout: `scope ${version}\n`, stderr: "" });
  const ping = await run(["-n", "demo", "-p", "web", "ping", "-c", "1", "-a"], place);
  assert.equal(ping.code, 0, ping.stderr);
  assert.match(ping.stdout, /^demo\/api-\S+ \(\S+ on node\d\): seq=0 rtt=[\d.]+ ms$/m);
  const mistake = await run(["pnig"], place);
  assert.deepEqual(mistake, {
    code: 64,
    stdout: "",
    stderr: 'error: Unknown command "pnig"\nhint: did you mean ping?\n',
  });
}

async function ok(done: Promise<Outcome>): Promise<string> {
  const { code, stdout, stderr } = await done;
  assert.equal(code, 0, stderr + stdout);
  return stdout;
}

Deno.test("deno task bundle makes one file that needs nothing beside it", async () => {
  await ok(outcome(Deno.execPath(), ["task", "--quiet", "--config", `${CHECKOUT}/deno.json`, "bundle"]));
  await using user = await NewUser.make(["deno"]);
  await Deno.copyFile(`${CHECKOUT}/dist/scope.js`, `${user.home}/scope.js`);
  const flags = await ok(outcome("sh", ["-c", '. "$0" && echo $scope_flags', `${CHECKOUT}/scripts/lib.sh`]));
  const run: Run = (args, place) => {
    return user.run(
      `${user.home}/programs/deno`,
      ["run", ...flags.trim().split(" "), `${user.home}/scope.js`, ...args],
      place,
    );
  };
  await works(run, { env: { SCOPE_IMAGE: image } });
  // No image is specified.
  const { code, stderr } = await run(["-n", "demo", "-p", "web", "pids"]);
  assert.equal(code, 64);
  assert.match(stderr, /^error: No endoscope image specified\nhint: .*SCOPE_IMAGE.*\n$/);
  // The package contains no manager to start.
  const local = await run(["--via", "local", "shell", "-p", `${Deno.pid}`, "true"]);
  assert.equal(local.code, 68);
  assert.match(local.stderr, /^error: Cannot find the manager, which --via local starts\nhint: /);
});

Deno.test("deno install, by the commands that scripts/package prints", async (t) => {
  const [oneFile = "", checkout = ""] = await makePackages("--image", image, "install");
  // With Deno's cache, packages are not downloaded again; only the list of versions is requested from a registry.
  const { denoDir } = JSON.parse(await ok(outcome(Deno.execPath(), ["info", "--json"])));
  const variants: [string, string, Place][] = [
    ["the one file", oneFile, {}],
    ["the checkout", checkout, { env: { ...packageSettings(), DENO_DIR: denoDir, SCOPE_IMAGE: image } }],
  ];
  for (const [what, command, place] of variants) {
    await t.step(what, async () => {
      assert.match(command, /^deno install --global /);
      await using user = await NewUser.make(["deno", "sh"]);
      await ok(user.run(`${user.home}/programs/sh`, ["-c", command], place));
      await works((args, place) => user.run(`${user.home}/.deno/bin/scope`, args, place), place);
    });
  }
});

Deno.test("npm install -g of the npm package", async (t) => {
  const [archive = ""] = await makePackages("--image", image, "npm");
  assert.equal(archive, `${PACKAGES}/scope-endoscope-cli-${version}.tgz`);
  await using user = await NewUser.make(["sh", "readlink", "kubectl"]);
  const prefix = `${user.home}/npm`, directories = [`${prefix}/bin`], npm = { HOME: user.home };
  await ok(outcome("npm", ["install", "--global", "--prefix", prefix, "--ignore-scripts", archive], npm));
  await t.step("scope", () => works((args, place) => user.run(`${prefix}/bin/scope`, args, place)));
  await t.step("kubectl scope", async () => {
    await works((args, place) => user.run("kubectl", ["scope", ...args], place), { directories });
    const { stderr } = await user.run("kubectl", ["scope", "list", "web"], { directories });
    assert.match(stderr, /^hint: kubectl scope list --help /m);
  });
  await t.step("--via local, with its own manager", async () => {
    const shell = ["--via", "local", "shell", "-p", `${Deno.pid}`, "echo", "here"];
    // --via local runs this machine's own programs.
    const directories = (Deno.env.get("PATH") ?? "").split(":");
    assert.equal(await ok(user.run(`${prefix}/bin/scope`, shell, { directories })), "here\n");
  });
  await t.step("in the background, too", async () => {
    const manage = await ok(user.run(`${prefix}/bin/scope`, ["-n", "demo", "-p", "web", "manage"]));
    const pids = [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((name) => {
      try {
        return Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(`${prefix}/`);
      } catch {
        return false;
      }
    });
    for (const pid of pids) Deno.kill(Number(pid), "SIGTERM");
    assert.equal(pids.length, 1, manage);
  });
  await t.step("without its Deno it says so", async () => {
    await Deno.rename(`${prefix}/lib/node_modules/@scope-endoscope/cli/node_modules`, `${user.home}/elsewhere`);
    const { code, stderr } = await user.run(`${prefix}/bin/scope`, ["--version"]);
    assert.equal(code, 69);
    assert.match(stderr, /^error: Cannot find the Deno that scope runs on\nhint: .*\n$/);
  });
});

Deno.test("kubectl krew install of the manifest", async (t) => {
  const url = "https://downloads.example.com/scope";
  const [archive = "", manifest = ""] = await makePackages(
    "--image",
    image,
    "--url",
    url,
    "--platform",
    platform,
    "krew",
  );
  const text = await Deno.readTextFile(manifest);
  const validate = (file: string) => outcome(`${krew}/validate-krew-manifest`, ["-skip-install", "-manifest", file]);
  await using user = await NewUser.make(["sh", "readlink", "kubectl"]);
  const install = (file: string) => {
    const args = ["install", `--manifest=${file}`, `--archive=${archive}`];
    return outcome(`${krew}/krew`, args, { HOME: user.home, KREW_ROOT: `${user.home}/krew` });
  };
  await t.step("the manifest is one", async () => {
    await ok(validate(manifest));
    assert.match(text, new RegExp(`^    uri: ${url}/scope-${version}-${platform}\\.tar\\.gz$`, "m"));
    assert.doesNotMatch(text, /@[A-Z]+@|SCOPE_IMAGE/);
  });
  await t.step("a wrong one is told", async () => {
    const wrong = `${user.home}/scope.yaml`;
    await Deno.writeTextFile(wrong, text.replace("name: scope", "name: other"));
    assert.notEqual((await validate(wrong)).code, 0);
    await Deno.writeTextFile(wrong, text.replace(/sha256: .{8}/, "sha256: 00000000"));
    assert.match((await install(wrong)).stderr, /checksum/);
  });
  await t.step("all platforms have theirs", async () => {
    const all = ["linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"];
    const { stderr } = await outcome(`${CHECKOUT}/scripts/package`, ["--platform", "plan9-386", "krew"]);
    for (const one of all) assert.ok(stderr.includes(one), stderr);
  });
  await t.step("kubectl scope", async () => {
    await ok(install(manifest));
    const directories = [`${user.home}/krew/bin`];
    await works((args, place) => user.run("kubectl", ["scope", ...args], place), { directories });
    assert.match(await ok(user.run("kubectl", ["scope", "--help"], { directories })), /^Usage: kubectl scope /);
  });
});

Deno.test("scripts/package compile makes a program, or says what is missing", async (t) => {
  const compile = (env = {}) => outcome(`${CHECKOUT}/scripts/package`, ["--image", image, "compile"], env);
  const { code, stdout, stderr } = await compile();
  if (code === 0) {
    await using user = await NewUser.make([]);
    await works((args, place) => user.run(stdout.trim(), args, place));
  } else {
    assert.equal(code, 69);
    assert.match(
      stderr,
      /^error: Cannot compile: Deno's runtime for programs, denort [\d.]+, is not on .*\nhint: set DENORT_BIN/m,
    );
  }
  await t.step("not with a runtime that is none", async () => {
    const { code, stderr } = await compile({ DENORT_BIN: Deno.execPath() });
    assert.equal(code, 69);
    assert.match(stderr, /^error: Cannot use the runtime ".*"\nhint: it is denort of Deno /m);
  });
});

Deno.test("scripts/package takes no nonsense", async () => {
  for (const args of [["wheel"], ["--image", "a b", "npm"], ["--url", "x|y", "krew"], ["--image"]]) {
    const { code, stderr } = await outcome(`${CHECKOUT}/scripts/package`, args);
    assert.equal(code, 64, stderr);
    assert.match(stderr, /^error: /m);
  }
});
