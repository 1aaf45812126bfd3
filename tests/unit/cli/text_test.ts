import assert from "node:assert/strict";
import type { Event, PingSummary, ProcessSeen } from "../../../src/event.ts";
import { jsonRenderer } from "../../../src/text/json.ts";
import { textRenderer } from "../../../src/cli/text.ts";
import { assertFits, memoryScreen } from "../features/screen_golden.ts";
import { calledBy } from "../text/called_by.ts";

const time = "2026-01-01T12:00:00.000Z";
const web = { address: "10.244.0.5", namespace: "demo", pod: "web-abc", node: "node1" };
const summary: PingSummary = {
  type: "ping.summary",
  time,
  ...web,
  sent: 3,
  received: 2,
  lost: 1,
  unsent: 0,
  lossPercent: 33.33,
  minMs: 0.045,
  avgMs: 0.05,
  p95Ms: 1.2,
  maxMs: 1.2,
};
const process: ProcessSeen = {
  type: "pids.process",
  time,
  container: "web",
  pid: 4242,
  containerPid: 1,
  parentPid: 4200,
  threads: 12,
  uid: 101,
  user: "nginx",
  state: "S",
  cpuMs: 1200,
  cpuPercent: 1.25,
  residentBytes: 12_897_485,
  command: `nginx: master process ${"x".repeat(100)}`,
  listening: [80, 443],
  started: "2026-01-01T00:00:00.000Z",
};

function rendered(events: Event[], columns = Infinity, color = false): string {
  const { screen, text } = memoryScreen(columns, columns, color);
  const renderer = textRenderer(screen);
  for (const event of events) renderer.event(event);
  renderer.end();
  return text();
}

Deno.test("textRenderer() says with the state what a process waits for in the kernel", () => {
  const blocked = { thread: 4242, functions: ["kernel_clone"], frozen: false, switches: 1 };
  const shown = (more: Partial<ProcessSeen>) => / nginx +(.*?) {2,}/.exec(rendered([{ ...process, ...more }]))?.[1];
  assert.equal(shown({ state: "Z" }), "Z");
  assert.equal(shown({ state: "D", blocked }), "D kernel_clone");
  assert.equal(shown({ state: "D", blocked: { ...blocked, functions: [] } }), "D");
  assert.equal(shown({ state: "S", blocked: { ...blocked, frozen: true } }), "S frozen");
});

Deno.test("textRenderer() has a line for each thing that happens to a ping, and the summary at the end", () => {
  const host = { address: "example.org" };
  assert.equal(
    rendered([
      { type: "ping.target", time, ...web },
      { type: "ping.skipped", time, namespace: "demo", pod: "new", reason: "Pending, no address yet" },
      { type: "ping.reply", time, ...web, seq: 0, rttMs: 0.05 },
      { type: "ping.reply", time, ...host, seq: 0, rttMs: 12.8 },
      { type: "ping.lost", time, ...web, seq: 1 },
      { type: "ping.lost", time, ...host, seq: 1, reason: "ICMP Host Unreachable from 10.0.0.1" },
      { type: "ping.unsent", time, ...host, seq: 2, reason: "no route" },
      { type: "ping.gone", time, ...web, reason: "deleted" },
      { type: "failed", time, subject: "demo/api", reason: "no such pod", hint: "see scope list" },
      summary,
      { type: "ping.summary", time, ...host, sent: 0, received: 0, lost: 0, unsent: 3, lossPercent: 0 },
    ]),
    `demo/new: skipped (Pending, no address yet)
demo/web-abc (10.244.0.5 on node1): seq=0 rtt=0.050 ms
example.org: seq=0 rtt=12.8 ms
demo/web-abc (10.244.0.5 on node1): seq=1 lost
example.org: seq=1 lost (ICMP Host Unreachable from 10.0.0.1)
example.org: seq=2 not sent (no route)
demo/web-abc (10.244.0.5 on node1): gone (deleted)
demo/api: failed: no such pod (see scope list)

NAME          NODE   ADDRESS      SENT  RECEIVED  LOST  UNSENT  LOSS  MIN/ms  AVG/ms  P95/ms  MAX/ms  STATUS
demo/web-abc  node1  10.244.0.5      3         2     1       0   33%   0.045   0.050    1.20    1.20  losing
example.org   -      example.org     0         0     0       3     -       -       -       -       -  not sent
`,
  );
});

Deno.test("textRenderer() leaves summary columns out where the window is narrow, not in a pipe", () => {
  for (const columns of [64, 80, 100]) assertFits(rendered([summary], columns).split("\n"), columns, 9);
  assert.match(rendered([summary]), /MIN\/ms/);
});

Deno.test("textRenderer() shows processes as a table and shortens commands on a terminal only", () => {
  const text = rendered([process, { ...process, pid: 4243, containerPid: 7, listening: [], command: "nginx: worker" }]);
  assert.equal(
    text,
    `CONTAINER   PID  CPID  PPID  THR  USER   S  CPU%    RSS  PORTS   COMMAND
web        4242     1  4200   12  nginx  S   1.3  12.3M  80,443  ${process.command}
web        4243     7  4200   12  nginx  S   1.3  12.3M  -       nginx: worker
`,
  );
  assertFits(rendered([process], 100).trimEnd().split("\n"), 100, 2);
  assert.match(rendered([process], 100), /nginx: master .*…\n$/);
});

Deno.test("textRenderer() escapes what a hostile target put into its command line", () => {
  const text = rendered([{ ...process, command: "sh -c \x1b]52;c;ZXZpbA==\x07\nfake" }]);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f]/);
  assert.equal(text.split("\n").length, 3);
});

Deno.test("textRenderer() gives a program what was seen, a line each, and no colour", () => {
  const { screen, text } = memoryScreen(Infinity, Infinity, false, true);
  const renderer = textRenderer(screen), odd = "a\u200db\x1b[31m\u202e – ";
  const failed: Event = { type: "failed", time, subject: odd, reason: "lost" };
  for (const event of [failed, { ...process, command: `${odd}\nx` }]) renderer.event(event);
  renderer.end();
  const [first, , , last] = text().split("\n");
  assert.equal(first, `${odd}: failed: lost`);
  assert.ok(last?.endsWith(`  ${odd}\\nx`));
});

Deno.test("textRenderer() shows debug pods as a table, and its news as lines", () => {
  const pod = { name: "scope-node1", namespace: "demo", node: "node1", image: "endoscope:1" };
  assert.equal(
    rendered([
      { type: "launch.ready", time, ...pod, created: true, tookMs: 2310 },
      { type: "cleanup.removed", time, ...pod },
      {
        type: "list.debug-pod",
        time,
        ...pod,
        status: "Running",
        version: "0.1.0",
        created: "2026-01-01T11:55:00Z",
        endsBy: "2026-01-01T13:30:00Z",
      },
    ]),
    `demo/scope-node1 on node1: ready (created, 2.3 s)
demo/scope-node1 on node1: removed

NAMESPACE  NAME         NODE   STATUS   IMAGE        AGE  ENDS
demo       scope-node1  node1  Running  endoscope:1  5m   in 1h30m
`,
  );
});

const copy = { namespace: "demo", name: "web-copy-x2f", node: "node1", of: "web", container: "app", image: "web:1" };

for (
  const [change, said] of [
    [{ status: "Running" }, "container app runs; next: scope -n demo -p web-copy-x2f shell"],
    [
      { status: "Running", command: ["sleep", "9\n"] },
      "container app runs sleep 9\\n; next: scope -n demo -p web-copy-x2f shell",
    ],
    [
      { status: "Error", exitCode: 3 },
      "container app has ended: Error, exit code 3; next: kubectl logs -n demo web-copy-x2f -c app",
    ],
    [
      { status: "Error", exitCode: 1, failed: "init" },
      "its init container init failed: Error, exit code 1; next: kubectl logs -n demo web-copy-x2f -c init",
    ],
  ] as const
) {
  Deno.test(`textRenderer() tells of a copy: ${said}`, () => {
    const { command, ...rest } = { command: undefined, ...change };
    const event: Event = {
      type: "copy.ready",
      time,
      ...copy,
      ...rest,
      tookMs: 9,
      ...command && { command: [...command] },
    };
    assert.equal(rendered([event]), `demo/web-copy-x2f on node1: copy of web, ${said}\n`);
  });
}

Deno.test("textRenderer() says the next command line as scope is called", () => {
  const event: Event = { type: "copy.ready", time, ...copy, status: "Running", tookMs: 9 };
  using _called = calledBy("kubectl scope");
  assert.match(rendered([event]), /; next: kubectl scope -n demo -p web-copy-x2f shell\n$/);
});

Deno.test("textRenderer() shows copies as a table, and which were removed", () => {
  const seen: Event = { type: "list.copy", time, ...copy, status: "Running", created: "2026-01-01T11:55:00Z" };
  const { name, namespace, node, image } = copy;
  assert.equal(
    rendered([
      { type: "cleanup.removed", time, name, namespace, node, image, copyOf: "web" },
      { ...seen, endsBy: "2026-01-01T13:30:00Z" },
      { ...seen, name: "other", node: "", status: "Pending" },
    ]),
    `demo/web-copy-x2f on node1: removed (a copy of web)

NAMESPACE  NAME          COPY OF  NODE   STATUS   IMAGE  AGE  ENDS
demo       web-copy-x2f  web      node1  Running  web:1  5m   in 1h30m
demo       other         web      -      Pending  web:1  5m   -
`,
  );
});

Deno.test("textRenderer() prints nothing when there is nothing", () => {
  assert.equal(rendered([]), "");
});

Deno.test("textRenderer() colours on request only", () => {
  const lost: Event = { type: "ping.lost", time, ...web, seq: 1 };
  assert.ok(rendered([lost], 80, true).includes("\x1b[31m"));
  assert.ok(!rendered([lost], 80, false).includes("\x1b"));
});

Deno.test("jsonRenderer() escapes what terminals obey and JSON leaves as it is", () => {
  const { screen, text } = memoryScreen();
  jsonRenderer(screen).event({ type: "failed", time, subject: "\x9b2J\u2028\u202e", reason: "\x7f\x1b" });
  assert.match(text(), /^[\x20-\x7e]*\n$/);
  assert.equal(JSON.parse(text()).subject, "\x9b2J\u2028\u202e");
});

Deno.test("jsonRenderer() prints exactly the event, one a line", () => {
  const { screen, text } = memoryScreen();
  const renderer = jsonRenderer(screen);
  renderer.event(summary);
  renderer.event(process);
  renderer.end();
  const [first = "", second = "", rest] = text().split("\n");
  assert.deepEqual([JSON.parse(first), JSON.parse(second), rest], [summary, process, ""]);
});

Deno.test("textRenderer() begins the line of a manager that is served with its name, and a blank", () => {
  const address = "unix:/run/user/1000/scope-a1/manager.sock";
  assert.equal(
    rendered([{
      type: "manage.ready",
      time,
      name: "scope-0e3cd1",
      address,
      namespace: "a",
      pod: "b",
      way: "ephemeral",
    }]),
    `scope-0e3cd1 ${address}\n`,
  );
});
