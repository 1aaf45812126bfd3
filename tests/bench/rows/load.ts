import { beatAddress, fpingArguments } from "../../../src/features/ping/fping_arguments.ts";
import { parseFpingLine } from "../../../src/features/ping/fping_output.ts";
import { failure } from "../programs.ts";
import { punctual } from "../punctuality.ts";
import type { Sent } from "../punctuality.ts";
import { megabytes, percentOfCore } from "../table.ts";
import type { Row } from "../table.ts";
import { podUsage, usageOf } from "../usage.ts";
import type { Usage } from "../usage.ts";
import type { World } from "../world.ts";

const rounds = 15, intervalMs = 1000, toleranceMs = 100;

/**
 * Measures the load of `ping` of many targets on its node. The targets are loopback addresses of the pod, which all answer.
 */
export async function load(world: World): Promise<Row[]> {
  const rows: Row[] = [];
  for (const targets of [1, 100, 1000]) rows.push(...await rowsOf(world, targets));
  return rows;
}

/**
 * Sample of the resources used. Samples are taken after the second round and the last but one: all processes run, and none
 * starts or ends.
 */
interface Sample {
  at: number;
  pod: Usage[];
  commandLine: Usage | undefined;
}

interface Summary {
  sent: number;
  received: number;
  lost: number;
  unsent: number;
}

async function rowsOf(world: World, targets: number): Promise<Row[]> {
  const debugPod = await world.debugPod();
  const what = `\`ping\` of ${targets} target${targets === 1 ? "" : "s"} a second`;
  const { before, after, packets, summary } = await pingFor(world, debugPod, targets);
  const bare = await bareFping(world, targets);
  const spanMs = after.at - before.at;
  const share = (chosen: (usage: Usage) => boolean) => 100 * cpuMs(before.pod, after.pod, chosen) / spanMs;
  const fping = after.pod.filter(({ name }) => name === "fping");
  const all = share(() => true), alone = share(({ name }) => name === "fping");
  const sent = `${summary.sent} of ${targets * rounds} sent`, onTime = punctual(packets, intervalMs, toleranceMs);
  const complete = summary.sent === targets * rounds && summary.unsent === 0 && onTime === summary.sent;
  return [
    {
      what: `${what}: CPU on the node`,
      scope: percentOfCore(all),
      other: `${percentOfCore(alone)} (its fping)`,
      ...(alone > 0 ? { ratio: `${(all / alone).toFixed(2)}×` } : {}),
      ...(targets === 1000 ? { aim: "≤ 15 %", met: Number(all.toFixed(1)) <= 15 } : {}),
    },
    {
      what: `${what}: sent, and at most ${toleranceMs} ms late`,
      scope: `${sent}, ${onTime} on time, ${summary.lost} lost, fping processes: ${fping.length}`,
      // On a busy machine fping alone is late, too: scope's number is meaningful only in comparison.
      other: `${bare.length} answered, ${punctual(bare, intervalMs, toleranceMs)} on time (bare fping)`,
      aim: "all, one process",
      met: complete && fping.length === 1,
    },
    {
      what: `${what}: resident memory on the node`,
      scope: megabytes(sum(after.pod.map(({ residentBytes }) => residentBytes))),
      other: `${megabytes(sum(fping.map(({ residentBytes }) => residentBytes)))} (its fping)`,
    },
    {
      what: `${what}: the command line itself`,
      scope: [
        percentOfCore(100 * ((after.commandLine?.cpuMs ?? 0) - (before.commandLine?.cpuMs ?? 0)) / spanMs),
        megabytes(after.commandLine?.residentBytes ?? 0),
      ].join(", "),
    },
  ];
}

async function pingFor(
  world: World,
  debugPod: string,
  targets: number,
): Promise<{ before: Sample; after: Sample; packets: Sent[]; summary: Summary }> {
  const argv = world.scopeArgv(
    "-o",
    "json",
    "ping",
    "-c",
    String(rounds),
    "-i",
    String(intervalMs / 1000),
    ...addresses(targets),
  );
  const [program = "", ...args] = argv;
  const child = new Deno.Command(program, {
    args,
    env: world.env,
    clearEnv: true,
    signal: world.signal,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  const sample = (): Sample => ({ at: performance.now(), pod: podUsage(debugPod), commandLine: usageOf(child.pid) });
  let before: Sample | undefined, after: Sample | undefined;
  const packets: Sent[] = [], summary: Summary = { sent: 0, received: 0, lost: 0, unsent: 0 };
  for await (const event of events(child.stdout)) {
    if (event.type === "ping.reply") {
      if (event.seq === 1) before ??= sample();
      if (event.seq === rounds - 2) after ??= sample();
      packets.push({ target: event.address, seq: event.seq, at: Date.parse(event.time) - event.rttMs });
    } else if (event.type === "ping.summary") {
      for (const key of Object.keys(summary) as (keyof Summary)[]) summary[key] += event[key];
    }
  }
  const { code } = await child.status;
  world.signal.throwIfAborted();
  if (before === undefined || after === undefined) throw failure(argv, code, await said);
  return { before, after, packets, summary };
}

/** Runs the same fping without scope, in the debug pod. */
async function bareFping(world: World, targets: number): Promise<Sent[]> {
  const argv = fpingArguments([...addresses(targets), beatAddress], rounds, intervalMs);
  const { stdout } = await world.inDebugPod(...argv);
  return stdout.split("\n").flatMap((text) => {
    const line = parseFpingLine(text);
    if (line.kind !== "reply" || line.at === undefined || line.target === beatAddress) return [];
    return [{ target: line.target, seq: line.seq, at: line.at - line.rttMs }];
  });
}

/** Returns `count` different addresses of 127.0.0.0/8, without 127.0.0.1, which scope itself pings. */
export function addresses(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `127.1.${i >> 8}.${i & 255}`);
}

/** Fields of the events of a ping that are used here. */
type PingEvent =
  | { type: "ping.reply"; address: string; seq: number; time: string; rttMs: number }
  | ({ type: "ping.summary" } & Summary)
  | { type: "ping.target" };

async function* events(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncIterable<PingEvent> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}

/** Returns the CPU time between two samples, in milliseconds; processes missing in the first count from their start. */
function cpuMs(before: readonly Usage[], after: readonly Usage[], chosen: (usage: Usage) => boolean): number {
  const at = new Map(before.map(({ pid, cpuMs }) => [pid, cpuMs]));
  return sum(after.filter(chosen).map(({ pid, cpuMs }) => cpuMs - (at.get(pid) ?? 0)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
