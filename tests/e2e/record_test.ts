import assert from "node:assert/strict";
import { outcome } from "./cluster_script.ts";
import { demoPods } from "./kube.ts";
import { scopeArgv, scopeEnv, startScope } from "./scope.ts";
import { Terminal } from "./terminal.ts";

type Event = [seconds: number, code: string, data: string];

/** Reads a transcript, in which every line must be complete. */
function read(path: string): { header: Record<string, unknown>; events: Event[] } {
  const text = Deno.readTextFileSync(path);
  assert.ok(text.endsWith("\n"));
  const [header, ...events] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  let last = 0;
  for (const [seconds, code, data] of events as Event[]) {
    assert.ok(
      seconds >= last && typeof data === "string" && (code === "o" || code === "r"),
      JSON.stringify([code, data]),
    );
    last = seconds;
  }
  return { header, events };
}

const outputOf = (events: readonly Event[]) =>
  events.filter(([, code]) => code === "o").map(([, , data]) => data).join("");

/** Runs scope in a terminal that script(1) records; returns script's recording, and the transcript. */
async function recorded(args: readonly string[], use: (terminal: Terminal) => Promise<unknown>) {
  const directory = await Deno.makeTempDir({ prefix: "scope-record-" });
  try {
    const line = [...scopeArgv, "--record", `${directory}/cast`, ...args].map((word) => `'${word}'`).join(" ");
    const argv = ["sh", "-c", `script -q -c "$1" ${directory}/heard; echo ended; exec cat`, "sh", line];
    await using terminal = await Terminal.open(argv, { columns: 90, rows: 24, env: {} });
    await use(terminal);
    await terminal.until(/^ended$/m);
    const heard = Deno.readTextFileSync(`${directory}/heard`);
    const between = heard.slice(heard.indexOf("\n") + 1, heard.lastIndexOf("\nScript done on "));
    return { heard: between.replaceAll(/\r+\n/g, "\r\n"), ...read(`${directory}/cast`) };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("--record: text, as the terminal had it", async () => {
  const [web] = await demoPods("web");
  const { heard, header, events } = await recorded(
    ["-n", "demo", "-p", web!.metadata.name, "ping", "-c2", "-i0.2", "-d", web!.metadata.name],
    (terminal) => terminal.until(/SENT/),
  );
  assert.equal(outputOf(events).trimEnd(), heard.trimEnd());
  assert.deepEqual([header["version"], header["width"], header["height"]], [2, 90, 24]);
});

Deno.test("--record: a live graph, as the terminal had it", async () => {
  const [web] = await demoPods("web");
  const { heard, events } = await recorded(
    ["-n", "demo", "-p", web!.metadata.name, "ping", "-g", "-a", "-i0.2"],
    async (terminal) => {
      await terminal.until(/[▁-█]/);
      await terminal.type("q");
    },
  );
  assert.equal(outputOf(events).trimEnd(), heard.trimEnd());
  assert.ok(heard.includes("\x1b[?1049h") && heard.includes("\x1b[?1049l") && /[▁-█]/.test(heard));
});

Deno.test("--record: a shell with a window that changes, and nothing of what is typed without an echo", async () => {
  const { heard, events } = await recorded(["-n", "demo", "-p", "web", "shell"], async (terminal) => {
    await terminal.until(/:\/# ?$/m, 60);
    await terminal.type("echo äöü€😀; stty size", "Enter");
    await terminal.until(/^24 90$/m);
    await terminal.resize(100, 30);
    await terminal.type("until [ \"$(stty size)\" = '30 100' ]; do sleep 0.1; done; echo changed", "Enter");
    await terminal.until(/^changed$/m);
    await terminal.type("read -s -p 'password: ' p", "Enter");
    await terminal.until(/password: ?$/m);
    await terminal.type("hunter2", "Enter");
    await terminal.type("exit", "Enter");
  });
  assert.equal(outputOf(events).trimEnd(), heard.trimEnd());
  assert.ok(outputOf(events).includes("äöü€😀\r\n"));
  assert.deepEqual(events.filter(([, code]) => code === "r").map(([, , data]) => data), ["100x30"]);
  assert.ok(!JSON.stringify(events).includes("hunter2"));
});

Deno.test("--record: what a killed run leaves is whole", async () => {
  const directory = await Deno.makeTempDir({ prefix: "scope-record-" });
  await using pinging = startScope(["--record", `${directory}/cast`, "-n", "demo", "-p", "web", "ping", "-a", "-c0"]);
  await pinging.until("stdout", /\n.*\n.*\n/, 60);
  pinging.signal("SIGKILL");
  await pinging.exit();
  const { events } = read(`${directory}/cast`);
  assert.ok(outputOf(events).replaceAll("\r\n", "\n").includes(pinging.stdout.split("\n").slice(0, 2).join("\n")));
  await Deno.remove(directory, { recursive: true });
});

Deno.test("--record: a full disk is told, and the session goes on", async () => {
  const directory = await Deno.makeTempDir({ prefix: "scope-record-" });
  // Simulate a full disk by a limit of the file size: 4 blocks of 512 bytes.
  const script = `trap '' XFSZ; ulimit -f 4; "$@"`;
  const args = ["--record", `${directory}/cast`, "-n", "demo", "-p", "web", "shell", "seq", "2000"];
  // A process that waits has no such limit.
  const env = scopeEnv({ SCOPE_WARM: "off" });
  const { code, stdout, stderr } = await outcome("sh", ["-c", script, "sh", ...scopeArgv, ...args], env);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trimEnd().split("\n").at(-1), "2000");
  assert.equal(
    stderr.match(new RegExp(`the recording "${directory}/cast" ends here .*; the session goes on`, "g"))?.length,
    1,
  );
  read(`${directory}/cast`);
  await Deno.remove(directory, { recursive: true });
});
