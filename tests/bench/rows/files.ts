import { alternate } from "../alternate.ts";
import type { Contender } from "../alternate.ts";
import { cpuPerMegabyte } from "../bulk_cpu.ts";
import { compare } from "../table.ts";
import type { Row } from "../table.ts";
import type { World } from "../world.ts";

const bytes = 500_000_000;
const aim = 1.1;

/** Number of small files, and the limit for copying them, in milliseconds. */
const manyFiles = 20_000, manyMs = 10_000;

/** Copies 500 MB and 20,000 files of 5 bytes out of the pod and into it, by scope and by the ways that kubectl has. */
export async function files(world: World, runs: number): Promise<Row[]> {
  const directory = await Deno.makeTempDir({ prefix: "scope-bench-" });
  try {
    await world.debugPod();
    const rows: Row[] = [];
    for (const [kind, make] of [["log lines", logLines], ["random bytes", randomBytes]] as const) {
      await write(`${directory}/source`, make);
      await world.scope("cp", `${directory}/source`, ":/source");
      rows.push(
        ...await out(world, directory, kind, Math.ceil(runs / 5)),
        ...await into(world, directory, kind, Math.ceil(runs / 5)),
      );
    }
    return [...rows, ...await many(world, directory, Math.ceil(runs / 5))];
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function out(world: World, directory: string, kind: string, runs: number): Promise<Row[]> {
  const to = `${directory}/copy`, reset = () => Deno.remove(to);
  const pod = `${world.namespace}/${world.target}`;
  const others: [string, string[]][] = [
    ["kubectl cp", ["kubectl", "cp", `${pod}:/source`, to]],
    ["kubectl exec cat", [
      "sh",
      "-c",
      'exec "$@" >"$0"',
      to,
      ...world.kubectlArgv("exec", world.target, "--", "cat", "/source"),
    ]],
  ];
  const what = `500 MB of ${kind} out of the pod`, ours = world.scopeArgv("cp", ":/source", to);
  const rows = await against(what, runs, {
    scope: { ...world.program(ours), reset },
    others: others.map(([name, argv]) => [name, { ...world.program(argv), reset }]),
  });
  const [name, argv] = others[1]!;
  return [
    ...rows,
    ...await cpuPerMegabyte(world, `${what}: \`scope cp\` / \`${name}\``, bytes, {
      scope: { argv: ours, pod: await world.debugPod(), reset },
      other: { argv, pod: await world.uidOf(world.target), reset },
    }),
  ];
}

async function into(world: World, directory: string, kind: string, runs: number): Promise<Row[]> {
  const from = `${directory}/source`,
    reset = async () => void await world.here("exec", world.target, "--", "rm", "/copy");
  // `kubectl exec -i … cat` is left out: it sometimes loses its connection with so much input.
  const others: [string, string[]][] = [
    ["kubectl cp", ["kubectl", "cp", from, `${world.namespace}/${world.target}:/copy`]],
  ];
  return await against(`500 MB of ${kind} into the pod`, runs, {
    scope: { ...world.program(world.scopeArgv("cp", from, ":/copy")), reset },
    others: others.map(([name, argv]) => [name, { ...world.program(argv), reset }]),
  });
}

async function against(
  what: string,
  runs: number,
  { scope, others }: { scope: Contender; others: [string, Contender][] },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, other] of others) {
    const format = (ms: number) => `${(ms / 1000).toFixed(2)} s (${(bytes / 1000 / ms).toFixed(0)} MB/s)`;
    rows.push(compare(`${what}: \`scope cp\` / \`${name}\``, { ...await alternate(scope, other, runs), format, aim }));
  }
  return rows;
}

/** Copies small files into the pod and out of it; scope must lose none. */
async function many(world: World, directory: string, runs: number): Promise<Row[]> {
  const from = `${directory}/many`, to = `${directory}/many-back`, pod = `${world.namespace}/${world.target}`;
  await Deno.mkdir(from);
  for (let at = 0; at < manyFiles; at++) await Deno.writeTextFile(`${from}/${at}`, String(at).padStart(5, "0"));
  const there = (...argv: string[]) => world.here("exec", world.target, "--", ...argv);
  const isAll = async (what: string, found: Promise<number>) => {
    if (await found !== manyFiles) throw new Error(`${manyFiles - await found} of ${manyFiles} files are lost ${what}`);
  };
  const into = {
    once: async () => {
      const { tookMs } = await world.scope("cp", from, ":/many");
      await isAll("in the pod", there("find", "/many", "-type", "f", "-size", "-2").then(linesOf));
      return tookMs;
    },
    reset: async () => void await there("rm", "-r", "/many"),
  };
  const intoOther = world.program(["kubectl", "cp", from, `${pod}:/many`]);
  const rows = [manyRow("into", await alternate(into, { ...intoOther, reset: into.reset }, runs))];
  await into.once();
  const out = {
    once: async () => {
      const { tookMs } = await world.scope("cp", ":/many", to);
      await isAll("here", Array.fromAsync(Deno.readDir(to)).then(({ length }) => length));
      return tookMs;
    },
    reset: () => Deno.remove(to, { recursive: true }),
  };
  // kubectl cp loses files and sometimes fails: then its time ends at the failure.
  const outOther = world.program(["sh", "-c", '"$@" || :', "sh", "kubectl", "cp", `${pod}:/many`, to]);
  return [...rows, manyRow("out of", await alternate(out, { ...outOther, reset: out.reset }, runs))];
}

const linesOf = ({ stdout }: { stdout: string }) => stdout.split("\n").length - 1;

function manyRow(way: string, { scope, other }: { scope: number; other: number }): Row {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const what = `20,000 files of 5 bytes ${way} the pod: \`scope cp\` / \`kubectl cp\``;
  return { ...compare(what, { scope, other, format: seconds }), aim: `≤ ${seconds(manyMs)}`, met: scope <= manyMs };
}

/** Writes 500 MB in chunks of 10 MB. */
async function write(path: string, make: (length: number) => Uint8Array): Promise<void> {
  using file = await Deno.create(path);
  for (let left = bytes; left > 0;) {
    const piece = make(Math.min(left, 10_000_000));
    for (let rest = piece; rest.length > 0;) rest = rest.subarray(await file.write(rest));
    left -= piece.length;
  }
}

/** Makes log lines, which compress to less than a quarter. */
function logLines(length: number): Uint8Array {
  const lines: string[] = [];
  for (let size = 0, line = 0; size < length; size += lines[line++]!.length + 1) {
    const time = new Date(1_767_225_600_000 + line * 37).toISOString(), path = `/api/v1/items/${line * 7919 % 100_003}`;
    lines.push(`${time} INFO request id=${crypto.randomUUID()} path=${path} status=200 durationMs=${line % 97}`);
  }
  return new TextEncoder().encode(lines.join("\n")).subarray(0, length);
}

function randomBytes(length: number): Uint8Array {
  const all = new Uint8Array(length), most = 65_536;
  for (let at = 0; at < length; at += most) crypto.getRandomValues(all.subarray(at, at + most));
  return all;
}
