import assert from "node:assert/strict";
import { permissions } from "../../src/terminal/flags.ts";
import { until } from "../cluster/wait.ts";
import { Kubeconfig } from "./credentials.ts";
import { kubectl, TestNamespace } from "./kube.ts";
import { scopeArgv, scopeEnv, startScope } from "./scope.ts";

const [deno = "", ...denoArgs] = scopeArgv.slice(0, -1), main = scopeArgv.at(-1)!;
const web = ["-n", "demo", "-p", "web"];

/** Operations that scope's permissions must deny, each tried separately. */
const refused: Readonly<Record<string, string>> = {
  "call a native library": `Deno.dlopen("libc.so.6", { getpid: { parameters: [], result: "i32" } })`,
  "load code from another machine": `await import("https://example.com/x.js")`,
  "load a package": `await import("npm:commander@15.1.0")`,
  "import a package by its bare name": `await import("commander")`,
  "tell the release of the system": "Deno.osRelease()",
  "tell its load": "Deno.loadavg()",
  "tell its memory": "Deno.systemMemoryInfo()",
  "tell its uptime": "Deno.osUptime()",
  "tell its network interfaces": "Deno.networkInterfaces()",
  "tell its processors": `(await import("node:os")).cpus()`,
  "tell the user's group": "Deno.gid()",
  "tell the user's name from the system": `(await import("node:os")).userInfo()`,
  "change a priority": `(await import("node:os")).setPriority(0, 0)`,
};

/** Operations that must be allowed: they detect a probe that can do nothing at all. */
const allowed: Readonly<Record<string, string>> = {
  "tell the machine's name": "Deno.hostname()",
  "tell the user's id": "Deno.uid()",
  "read a file": `Deno.readTextFileSync("/etc/hosts")`,
  "read a variable": `Deno.env.get("HOME")`,
  "listen": `Deno.listen({ hostname: "127.0.0.1", port: 0 }).close()`,
  "start a program": `new Deno.Command("true").outputSync()`,
};

Deno.test("what runs by scope's flags may do what they list, and nothing else", async (t) => {
  const directory = await Deno.makeTempDir();
  try {
    for (const [what, code] of Object.entries({ ...refused, ...allowed })) {
      await t.step(what, async () => {
        await Deno.writeTextFile(`${directory}/probe.js`, `${code};\nconsole.log("done");\n`);
        const args = [...denoArgs, `${directory}/probe.js`];
        const { success, stdout, stderr } = await new Deno.Command(deno, { args, cwd: directory, stdin: "null" })
          .output();
        const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
        assert.equal(success, what in allowed, said);
        if (!success) assert.match(said, /NotCapable|Requires import access|npm|"commander"/, said);
      });
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** Runs scope without one of its permissions, or without one part of a permission; returns its output. */
async function without(missing: string, args: readonly string[], kubeconfig?: string): Promise<string> {
  const [permission, part] = missing.split(":");
  const flags = denoArgs.flatMap((flag) => {
    if (flag !== permission) return [flag];
    const [name, values = ""] = flag.split("=");
    return part === undefined ? [] : [`${name}=${values.split(",").filter((value) => value !== part)}`];
  });
  const { success, stdout, stderr } = await new Deno.Command(deno, {
    args: [...flags, main, ...args],
    cwd: "/",
    clearEnv: true,
    env: scopeEnv(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }),
    stdin: "null",
    signal: AbortSignal.timeout(60_000),
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(success, false, said);
  return said;
}

Deno.test("scope needs each of its permissions", async (t) => {
  const directory = await Deno.makeTempDir();
  try {
    await using own = await TestNamespace.make();
    const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] }];
    await using account = await Kubeconfig.ofAccount(own, "lister", rules);
    const { token } = JSON.parse(await kubectl(["--kubeconfig", account.path, "config", "view", "--raw", "-o", "json"]))
      .users[0].user;
    const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token } };
    await using plugin = await Kubeconfig.make({ exec: ["echo", JSON.stringify(credential)] });
    const sys = permissions.find(({ flag }) => flag.startsWith("--allow-sys="))!.flag;
    const list = ["-n", own.name, "list"], local = ["--via", "local", "shell", "-p", `${Deno.pid}`, "echo", "here"];
    // [removed permission, command line that needs it, its kubeconfig and the output that proves success]
    const uses: [string, string[], { kubeconfig?: string; done: RegExp }][] = [
      ["--allow-net", [...web, "fs", "cat", "/etc/hostname"], { done: /^web-/ }],
      ["--allow-read", [...web, "fs", "cat", "/etc/hostname"], { done: /^web-/ }],
      ["--allow-env", [...web, "fs", "cat", "/etc/hostname"], { done: /^web-/ }],
      ["--allow-write", [...web, "cp", ":/etc/hosts", `${directory}/hosts`], { done: /hosts/ }],
      ["--allow-run", list, { kubeconfig: plugin.path, done: /^$/ }],
      [`${sys}:hostname`, local, { done: /^here/ }],
      [`${sys}:uid`, [...web, "redir", "8080:1"], { done: /8080/ }],
    ];
    const listed = permissions.flatMap(({ flag }) =>
      flag.includes("=") ? flag.split("=")[1]!.split(",").map((part) => `${flag}:${part}`) : [flag]
    );
    assert.deepEqual(uses.map(([missing]) => missing).toSorted(), listed.toSorted(), "what is listed is what is tried");
    for (const [missing, args, { kubeconfig, done }] of uses) {
      await t.step(missing, async () => {
        await using whole = startScope(args, kubeconfig === undefined ? {} : { env: { KUBECONFIG: kubeconfig } });
        await whole.until("stdout", done, 60);
        whole.signal("SIGINT");
        await whole.exit();
        assert.doesNotMatch(whole.stderr, /error: /);
        // An existing file would not be written again.
        await Deno.remove(`${directory}/hosts`).catch(() => {});
        const name = /^--allow-([a-z]+)/.exec(missing)![1];
        const refusal = new RegExp(`Requires ${name} access|Cannot read the file|Cannot write|EACCES|permission`, "i");
        assert.match(await without(missing, args, kubeconfig), refusal);
      });
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("what scope starts in the background has its permissions and no more", async () => {
  const directory = await Deno.makeTempDir(), socket = `${directory}/manager.sock`;
  const serving = () =>
    [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
      try {
        const argv = Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0");
        return argv.includes(socket) ? [{ pid: Number(name), argv }] : [];
      } catch {
        return []; // ended meanwhile, or not a process
      }
    });
  try {
    await using manage = startScope([...web, "manage", "--socket", socket]);
    assert.equal(await manage.exit(60), 0, manage.stderr);
    const found = serving();
    assert.equal(found.length, 1, manage.stdout);
    const [{ argv }] = found as [typeof found[0]];
    assert.deepEqual(argv.slice(1, argv.indexOf(`file://${main}`)), denoArgs);
  } finally {
    for (const { pid } of serving()) Deno.kill(pid, "SIGTERM");
    await until("what served to end", 10, () => serving().length === 0);
    await Deno.remove(directory, { recursive: true });
  }
});
