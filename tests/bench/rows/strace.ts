import { median } from "../statistics.ts";
import type { Row } from "../table.ts";
import type { World } from "../world.ts";

/** System calls of the loop: a read and a write of one byte each, so twice as many. */
const count = 100_000;

/** How much slower a loop of system calls gets while it is traced: all calls, and only those that it does not make. */
export async function strace(world: World, runs: number): Promise<Row[]> {
  const plain = await loops(world, runs);
  const rows: Row[] = [];
  for (
    const [what, expression] of [["all calls", []], ["`-e openat`, which it does not make", ["-e", "openat"]]] as const
  ) {
    const traced = await loops(world, runs, expression);
    rows.push({
      what: `a loop of system calls under \`strace\`, ${what} / untraced`,
      scope: perSecond(traced),
      other: perSecond(plain),
      ratio: `${(traced / plain).toFixed(1)}× the time`,
    });
  }
  return rows;
}

const perSecond = (tookMs: number) => `${Math.round(2 * count / tookMs)} k calls/s`;

/** Median time of a loop in milliseconds, traced where there is an expression. */
async function loops(world: World, runs: number, expression?: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < Math.ceil(runs / 3); run++) times.push(await loop(world, expression));
  return median(times);
}

/** One loop in the target's container; it begins when it is traced. */
async function loop(world: World, expression: readonly string[] | undefined): Promise<number> {
  const script = `while [ ! -e /tmp/go ]; do sleep 0.05; done; rm /tmp/go
    dd if=/dev/zero of=/dev/null bs=1 count=${count} 2>&1 | tail -1`;
  const running = world.here("exec", world.target, "--", "sh", "-c", `echo $$ >/tmp/pid; ${script}`);
  const { stdout: pid } = await world.here(
    ...[
      "exec",
      world.target,
      "--",
      "sh",
      "-c",
      "until [ -s /tmp/pid ]; do sleep 0.05; done; cat /tmp/pid; rm /tmp/pid",
    ],
  );
  const stop = new AbortController();
  const tracing = expression === undefined ? undefined : await trace(world, pid.trim(), expression, stop.signal);
  await world.here("exec", world.target, "--", "touch", "/tmp/go");
  const { stdout } = await running;
  stop.abort();
  await tracing;
  const seconds = /([\d.]+) seconds/.exec(stdout)?.[1];
  if (seconds === undefined) throw new Error(`dd said ${stdout}`);
  return Number(seconds) * 1000;
}

/** Traces the process of that pid in the container, from when this resolves until the signal. */
async function trace(
  world: World,
  containerPid: string,
  expression: readonly string[],
  signal: AbortSignal,
): Promise<Promise<unknown>> {
  const { stdout } = await world.scope("--via", "node", "-o", "json", "pids");
  const processes = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const { pid } = processes.find((one) => String(one.containerPid) === containerPid);
  const [program = "", ...args] = world.scopeArgv("--via", "node", "strace", "-p", String(pid), ...expression);
  const child = new Deno.Command(program, {
    args,
    env: world.env,
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  })
    .spawn();
  signal.addEventListener("abort", () => child.kill("SIGINT"), { once: true });
  // It is traced when the kernel says so.
  for (let traced = false; !traced;) {
    const { stdout } = await world.here(
      "exec",
      world.target,
      "--",
      "grep",
      "TracerPid",
      `/proc/${containerPid}/status`,
    );
    traced = !/TracerPid:\s*0$/m.test(stdout);
  }
  return child.status.then(() => {});
}
