/**
 * Pings by TCP: times how long a connection takes to be accepted or refused. For where ICMP is not to be had.
 *
 *     tcp_ping.js COUNT INTERVAL_MS TIMEOUT_MS LABEL HOST PORT [HOST PORT]...
 *
 * Each line of output has a label before a tab: LABEL for the first host, LABEL + 1 for the second, and so on. COUNT 0 goes
 * on until SIGINT.
 */
import { line, meaning } from "./handshake.ts";
import { nextLook } from "./next_look.ts";
import { beginConnect, close, errorOf, errorText, resolve, type SocketAddress, waitForAny } from "./sockets.ts";

/** While it blocks, no signal is seen. */
const longestBlockMs = 100;

interface Host {
  label: string;
  address?: SocketAddress;
  /** When the next ping is due, in milliseconds of performance.now(). */
  due: number;
  next: number;
  done: boolean;
}

interface Attempt {
  host: Host;
  seq: number;
  begun: number;
}

const [count = 0, intervalMs = 1000, timeoutMs = 1000, label = 0] = Deno.args.slice(0, 4).map(Number);
const hosts: Host[] = [];
const attempts = new Map<number, Attempt>();
const lines: string[] = [];
let stopped = false;

function notice(host: Host, text: string): void {
  lines.push(`${host.label}\t${text}\n`);
}

function settle({ host, seq, begun }: Attempt, now: number, error: number | undefined): void {
  const at = performance.timeOrigin + now, took = `time=${(now - begun).toFixed(3)} ms`;
  if (error === undefined) return notice(host, line(at, seq, "no answer"));
  const found = meaning(error);
  notice(
    host,
    line(at, seq, found === "open" || found === "refused" ? `${took} ${found}` : `${found}: ${errorText(error)}`),
  );
}

function ping(host: Host): void {
  const attempt = { host, seq: host.next, begun: performance.now() };
  host.next += 1;
  host.due = Math.max(host.due + intervalMs, attempt.begun); // what was missed is not caught up in a burst
  host.done = host.next === count;
  const { descriptor, error } = beginConnect(host.address!);
  if (error === undefined) return void attempts.set(descriptor, attempt);
  const now = performance.now();
  close(descriptor);
  settle(attempt, now, error);
}

/** Waits for answers, at most until `by`; then for the end of those that waited too long. */
function collect(by: number): void {
  const ready = waitForAny(
    [...attempts.keys()],
    Math.max(0, Math.ceil(Math.min(by - performance.now(), longestBlockMs))),
  );
  const now = performance.now();
  for (const [descriptor, attempt] of attempts) {
    if (!ready.has(descriptor) && now < attempt.begun + timeoutMs) continue;
    const error = ready.has(descriptor) ? errorOf(descriptor) : undefined;
    close(descriptor);
    attempts.delete(descriptor);
    settle(attempt, now, error);
  }
}

function flush(): void {
  const bytes = new TextEncoder().encode(lines.splice(0).join(""));
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.addSignalListener("SIGINT", () => stopped = true);

const words = Deno.args.slice(4), all = words.length / 2, start = performance.now();
for (let at = 0; at < all; at++) {
  const [name = "", port = ""] = words.slice(at * 2);
  // Spread over the interval, so that answers do not queue up here and look slow.
  const host: Host = { label: String(label + at), due: start + at * intervalMs / all, next: 0, done: false };
  hosts.push(host);
  void resolve(name, Number(port)).then(
    (address) => {
      host.address = address;
      host.due = Math.max(host.due, performance.now());
    },
    (error: Error) => {
      host.done = true;
      notice(host, `cannot resolve: ${error.message}`);
    },
  );
}

while (!stopped && (attempts.size > 0 || hosts.some(({ done }) => !done))) {
  for (const host of hosts) if (!host.done && host.address !== undefined && host.due <= performance.now()) ping(host);
  const next = nextLook(performance.now(), hosts, [...attempts.values()], timeoutMs);
  if (attempts.size > 0) collect(next);
  flush();
  // With answers on their way only a moment: what comes meanwhile looks that much slower.
  await sleep(attempts.size > 0 ? 0 : Math.min(longestBlockMs, Math.max(1, next - performance.now())));
}
flush();
Deno.exit(0);
