import { which } from "../../../tests/programs/which.ts";
import { say } from "../lib/output.ts";
import { TemporaryDirectory } from "../lib/temporary.ts";
import { writeCapture } from "./capture_file.ts";
import { capturedLines } from "./captured.ts";
import type { PingNetwork } from "./ping_network.ts";

interface Case {
  readonly name: string;
  /** Number of rounds; without it, fping runs until it is stopped. */
  readonly count?: number;
  /** Milliseconds from round to round. */
  readonly period: number;
  readonly hosts: readonly string[];
  /** Seconds after which a signal ends it. */
  readonly seconds?: number;
  readonly signal?: "INT" | "KILL";
}

const cases: readonly Case[] = [
  { name: "replies", count: 3, period: 1000, hosts: ["10.77.0.2", "FD77:0::2", "localhost"] },
  { name: "loss", count: 6, period: 200, hosts: ["10.77.0.2", "10.77.0.3", "10.77.0.4"] },
  { name: "unsent", count: 3, period: 200, hosts: ["10.9.9.9", "10.77.0.7", "fd99::9", "10.77.0.2"] },
  { name: "unsent_live", period: 200, hosts: ["10.9.9.9"], seconds: 2.5 },
  { name: "unreachable", count: 2, period: 1000, hosts: ["10.99.0.1", "10.77.0.99"] },
  { name: "duplicates", period: 200, hosts: ["10.77.0.5"], seconds: 1 },
  { name: "in_flight", period: 200, hosts: ["10.77.0.4", "10.77.0.2"], seconds: 1.5 },
  { name: "killed", period: 200, hosts: ["10.77.0.2"], seconds: 0.5, signal: "KILL" },
  { name: "unknown_host", count: 1, period: 200, hosts: ["nowhere.invalid"] },
  { name: "unknown_and_known", count: 1, period: 200, hosts: ["nowhere.invalid", "10.77.0.2"] },
  { name: "loopback", count: 2, period: 200, hosts: [] },
];

const notPermitted: Case = { name: "not_permitted", count: 1, period: 200, hosts: ["10.77.0.2"] };

/** Captures what fping prints, also without NET_RAW. */
export async function captureFping(directory: string, network: PingNetwork): Promise<void> {
  for (const one of cases) await capture(directory, network, one, []);
  // A copy without the file's capability, run by a user without NET_RAW.
  using scratch = new TemporaryDirectory();
  Deno.copyFileSync(which("fping")!, `${scratch.path}/fping`);
  for (const path of [scratch.path, `${scratch.path}/fping`]) Deno.chmodSync(path, 0o755);
  const as = "setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -net_raw".split(" ");
  await capture(directory, network, notPermitted, as, { PATH: `${scratch.path}:${Deno.env.get("PATH")}` });
}

async function capture(
  directory: string,
  network: PingNetwork,
  { name, count, period, hosts, seconds = 30, signal = "INT" }: Case,
  as: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  say(name);
  const rounds = count === undefined ? ["-l"] : ["-c", `${count}`];
  const fping = ["fping", "-D", ...rounds, "-p", `${period}`, "-t", "1000", "-i", "10", "--", ...hosts, "127.0.0.1"];
  const limited = ["timeout", "--preserve-status", "-s", signal, `${seconds}`, ...as, ...fping];
  const { lines, code } = await capturedLines(network.fromPinging(...limited), env);
  writeCapture(`${directory}/${name}.txt`, fping.join(" "), lines, code);
}
