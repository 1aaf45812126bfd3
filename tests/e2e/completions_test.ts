import assert from "node:assert/strict";
import { noAnswer } from "../../src/cli/completion.ts";
import { until } from "../cluster/wait.ts";
import { readConfig } from "./api.ts";
import { outcome } from "./cluster_script.ts";
import { Kubeconfig } from "./credentials.ts";
import { demoPods, TestNamespace } from "./kube.ts";
import { scope, scopeArgv, scopeOk, startScope } from "./scope.ts";
import { SlowNetwork } from "./slow_network.ts";
import { Terminal } from "./terminal.ts";

/** Environment with a long timeout: on a busy machine an answer in time may be empty. scripts/bench measures the time. */
const patient = { SCOPE_COMPLETION_MS: "20000" };

/** Returns the completion candidates that scope prints for a shell, without their descriptions. */
async function complete(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const { code, stdout, stderr } = await scope(["complete", "--", ...words], { env: { ...patient, ...env } });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout.split("\n").slice(0, -2).map((line) => line.split("\t")[0]!);
}

Deno.test("complete: live values", async (t) => {
  await using own = await TestNamespace.make();
  await own.pod("walks");
  await own.pod("waits", {
    spec: { nodeSelector: { nobody: "has" } },
    until: ({ status }) => status.phase === "Pending",
  });
  const [pair] = await demoPods("pair"), [web] = await demoPods("web");
  const expected: [string[], (found: string[]) => void][] = [
    [["-n", ""], (found) => assert.ok(found.includes("demo") && found.includes(own.name))],
    [["-n", own.name, "-p", ""], (found) => assert.deepEqual(found, ["walks"])],
    [["--namespace=" + own.name, "copy", "--pod", ""], (found) => assert.deepEqual(found, ["waits", "walks"])],
    [["-n", "demo", "ping", "-N", own.name, "-d", ""], (found) => assert.deepEqual(found, ["walks"])],
    [["-n", "demo", "-p", "deploy/w"], (found) => assert.deepEqual(found, ["deploy/web"])],
    [["-n", "demo", "-p", "pair", "shell", "-t", ""], (found) => assert.deepEqual(found, ["front", "back"])],
    [["-n", "demo", "-p", pair!.metadata.name, "--container", "b"], (found) => assert.deepEqual(found, ["back"])],
    [["-n", "demo", "-p", web!.metadata.name, "redir", ""], (found) => assert.deepEqual(found, ["8080", "http"])],
    [["node", ""], (found) => assert.deepEqual(found, ["node1", "node2"])],
  ];
  for (const [words, check] of expected) {
    await t.step(words.join(" "), async () => check(await complete(words)));
  }

  await t.step("the namespace of a variable, and of a file of variables", async () => {
    assert.deepEqual(await complete(["-p", ""], { SCOPE_NAMESPACE: own.name }), ["walks"]);
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, `SCOPE_NAMESPACE=${own.name}\n`);
    assert.deepEqual(await complete(["--env-file", file, "-p", ""]), ["walks"]);
    await Deno.remove(file);
  });

  await t.step("with a token that may do this alone, nothing else", async () => {
    await using may = await Kubeconfig.ofAccount(own, "completer", [
      { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
    ]);
    const env = { KUBECONFIG: may.path };
    assert.deepEqual(await complete(["-n", own.name, "-p", ""], env), ["walks"]);
    assert.deepEqual(await complete(["-n", ""], env), []);
  });
});

Deno.test("complete: what cannot be answered is not, without a word", async (t) => {
  const asked = ["-n", "demo", "-p", ""];
  const none = async (env: Readonly<Record<string, string>>) => assert.deepEqual(await complete(asked, env), []);
  await t.step("no kubeconfig, and one that is none", async () => {
    await none({ KUBECONFIG: "/nonexistent" });
    await none({ KUBECONFIG: "/dev/null" });
    await none({ KUBECONFIG: "/etc/passwd" });
  });
  await t.step("credentials that are wrong", async () => {
    await using wrong = await Kubeconfig.make({ token: "wrong" });
    await none({ KUBECONFIG: wrong.path });
  });
  await t.step("a server that never answers: the answer comes all the same", async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using silent = await Kubeconfig.make({ server: `https://127.0.0.1:${(listener.addr as Deno.NetAddr).port}` });
    await using asking = startScope(["complete", "--", ...asked], { env: { KUBECONFIG: silent.path } });
    assert.equal(await asking.exit(), 0);
    assert.deepEqual([asking.stdout, asking.stderr], [noAnswer, ""]);
    listener.close();
  });
  await t.step("a credential plugin is not started: it may open a browser", async () => {
    const told = await Deno.makeTempFile();
    await using plugin = await Kubeconfig.make({ exec: ["sh", "-c", `echo started >>${told}`] });
    await none({ KUBECONFIG: plugin.path });
    assert.equal(await Deno.readTextFile(told), "");
    await Deno.remove(told);
  });
  await t.step("a broken file of variables, and a line that is nonsense", async () => {
    assert.deepEqual(await complete(["--env-file", "/nonexistent", "-p", ""]), []);
    assert.deepEqual(await complete(["nonsense", "--what", ""]), []);
    assert.deepEqual(await complete([]), await complete([""]));
  });
});

Deno.test("complete: a cluster that does not answer in time has answered before, or is asked in the background", async () => {
  await using own = await TestNamespace.make();
  await own.pod("walks");
  await using slowNetwork = await SlowNetwork.open();
  const home = await Deno.makeTempDir({ prefix: "scope-home-" }), directory = `${home}/.cache/scope/completions`;
  const env = { ...slowNetwork.options.env, HOME: home },
    asked = ["-n", own.name, "-p", "w"],
    soon = { SCOPE_COMPLETION_MS: "1500" };
  const kept = () => [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) => name.endsWith(".json"));
  const answer = ["walks"];

  assert.deepEqual(await complete(asked, env), answer);
  const [first] = kept();
  assert.equal(Deno.statSync(directory).mode! & 0o777, 0o700);
  assert.equal(Deno.statSync(`${directory}/${first}`).mode! & 0o777, 0o600);
  const { users } = JSON.parse(await Deno.readTextFile(slowNetwork.kubeconfig)),
    text = await Deno.readTextFile(`${directory}/${first}`);
  assert.match(text, /walks/);
  for (const secret of Object.values(users[0].user)) assert.ok(!text.includes(secret as string));

  slowNetwork.block();
  assert.deepEqual(await complete(asked, { ...env, ...soon }), answer);
  assert.deepEqual(await complete(["-n", "demo", "-p", "w"], { ...env, ...soon }), [], "that of another namespace");
  slowNetwork.unblock();

  await Deno.remove(directory, { recursive: true });
  assert.deepEqual(await complete(asked, { ...env, SCOPE_COMPLETION_MS: "1" }), []);
  await until("the answer to be known for the next time", 15, () => kept().includes(first!));
  slowNetwork.block();
  assert.deepEqual(await complete(asked, { ...env, ...soon }), answer);
  await Deno.remove(home, { recursive: true });
});

/** Start of each shell with an empty configuration except for scope's completions. */
const shells: Readonly<Record<string, (home: string) => { rc: string; text: string; argv: string[] }>> = {
  bash: (home) => ({
    rc: ".bashrc",
    text: `PS1='ready> '; bind 'set show-all-if-ambiguous on'; eval "$(scope completions bash)"\n`,
    argv: ["bash", "--noprofile", "--rcfile", `${home}/.bashrc`, "-i"],
  }),
  zsh: (home) => ({
    rc: ".zshrc",
    text: `PS1='ready> '; autoload -Uz compinit; compinit -u -d ${home}/dump; eval "$(scope completions zsh)"\n`,
    argv: ["zsh", "-i"],
  }),
  fish: () => ({
    rc: "config.fish",
    text: `function fish_prompt; echo -n 'ready> '; end; set -g fish_greeting; scope completions fish | source\n`,
    argv: [],
  }),
};

for (const [shell, start] of Object.entries(shells)) {
  Deno.test(`${shell} completes command lines of scope`, async (t) => {
    const home = await Deno.makeTempDir({ prefix: "scope-home-" });
    const { rc, text, argv } = start(home);
    await Deno.writeTextFile(`${home}/${rc}`, text);
    const quoted = scopeArgv.map((word) => `'${word}'`).join(" ");
    await Deno.writeTextFile(`${home}/scope`, `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
    const env = { ...patient, HOME: home, ZDOTDIR: home, PATH: `${home}:${Deno.env.get("PATH")}` };
    const program = shell === "fish" ? ["fish", "--no-config", "-C", `source ${home}/${rc}`] : argv;
    await using terminal = await Terminal.open(program, { columns: 120, rows: 30, env });
    await terminal.until(/^ready>/m);

    /** Types a line and Tab, waits until the screen shows the wanted text, and clears the line and the screen. */
    const completes = async (line: string, wanted: RegExp) => {
      await terminal.type(line);
      try {
        await terminal.type("", "Tab");
        await terminal.until(wanted);
      } finally {
        await terminal.type("", "C-u"); // not C-c, which would end a completion in progress, but not the line
        await terminal.type("", "C-l");
        await terminal.until(/^\s*ready>\s*$/);
      }
    };

    const [pair] = await demoPods("pair");
    await t.step("a command", () => completes("scope pid", /scope pids *$/m));
    await t.step("an option, and a choice", async () => {
      await completes("scope ping --pull-p", /scope ping --pull-policy *$/m);
      await completes("scope --via no", /scope --via node *$/m);
      await completes("scope --via=no", /scope --via=node *$/m);
      await completes("scope fs ", /cat.*find|find.*cat|ls.*cat|cat[^]*find/);
    });
    await t.step("a pod", () => completes("scope -n demo -p pai", new RegExp(`-p ${pair!.metadata.name} *$`, "m")));
    await t.step("a workload", () => completes("scope -n demo -p deploy/we", /-p deploy\/web *$/m));
    await t.step("a container", () => completes("scope -n demo -p pair shell -t fr", /shell -t front *$/m));
    await t.step(
      "a file",
      () => completes(`scope --kubeconfig ${home}/sco`, new RegExp(`--kubeconfig ${home}/scope *$`, "m")),
    );
    await t.step("nothing that is typed is run", async () => {
      await completes(`scope -l x$(touch ${home}/run) pid`, /pids? *$/m);
      assert.equal((await outcome("ls", [`${home}/run`])).code, 2);
    });
    await Deno.remove(home, { recursive: true });
  });
}

Deno.test("bash can read its script twice, also where nothing may be unset", async () => {
  const script = await scopeOk("completions", "bash");
  const { code, stderr } = await outcome("bash", ["-c", 'set -eu; eval "$1"; eval "$1"', "bash", script]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("a context whose name a shell would run is not offered", async () => {
  const config = readConfig();
  config.contexts.push({ ...config.contexts[0], name: "$(reboot)" }, { ...config.contexts[0], name: "arn:aws:eks/x" });
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, JSON.stringify(config));
  assert.deepEqual(await complete(["--kubeconfig", file, "--context", ""]), [
    config.contexts[0].name,
    "arn:aws:eks/x",
  ]);
  await Deno.remove(file);
});
