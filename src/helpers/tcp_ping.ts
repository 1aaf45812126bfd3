/**
 * Pings by TCP, where ICMP is not available: measures the time until a connection is accepted or refused.
 *
 *     tcp_ping.js COUNT INTERVAL_MS TIMEOUT_MS LABEL HOST PORT [HOST PORT]...
 *
 * Each line of output starts with a label and a tab: LABEL for the first host, LABEL + 1 for the second, and so on. COUNT 0
 * means until SIGINT.
 */
import { line, meaning } from "./handshake.ts";
import { nextLook } from "./next_look.ts";
import { beginConnect, close, errorOf, errorText, resolve, type SocketAddress, waitForAny } from "./sockets.ts";

/** Longest blocking wait, in milliseconds: no signal is handled meanwhile. */
const longestBlockMs = 100;

interface Host {
  label: string;
  address?: SocketAddress;
  /** Time of the next ping, in milliseconds of performance.now(). */
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
  host.due = Math.max(host.due + intervalMs, attempt.begun); // missed pings are not caught up in a burst
  host.done = host.next === count;
  const { descriptor, error } = beginConnect(host.address!);
  if (error === undefined) return void attempts.set(descriptor, attempt);
  const now = performance.now();
  close(descriptor);
  settle(attempt, now, error);
}

/** Waits for outcomes until `by` at most, then settles them and the attempts that timed out. */
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

const hostArguments = Deno.args.slice(4), all = hostArguments.length / 2, start = performance.now();
for (let at = 0; at < all; at++) {
  const [name = "", port = ""] = hostArguments.slice(at * 2);
  // Hosts are spread over the interval, so that replies do not queue up here and look slow.
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
  // The wait is short while attempts are in flight: the time of a reply in the meantime would include it.
  await sleep(attempts.size > 0 ? 0 : Math.min(longestBlockMs, Math.max(1, next - performance.now())));
}
flush();
Deno.exit(0);
