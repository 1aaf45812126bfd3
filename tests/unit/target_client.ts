import assert from "node:assert/strict";
import { Channel } from "../../src/lib/channel.ts";
import type { TargetClient } from "../../src/context.ts";
import type { Run, RunOptions } from "../../src/tool.ts";
import type { ProcessSeen } from "../../src/event.ts";
import type { FileReader, Files } from "../../src/manager/client/target_files.ts";
import type { Target } from "../../src/target.ts";
import type { ToolExit } from "../../src/tool.ts";
import { capabilityNames } from "../../src/way.ts";

const container = { name: "app", id: "a".repeat(64) };

export const target: Target = {
  namespace: "shop",
  pod: "web",
  uid: "f2c4",
  node: "node1",
  ips: ["10.0.0.1"],
  hostNetwork: false,
  container,
  containers: [container],
};

/** The files beside a target, as far as a test says what they are. */
export interface FakeFiles {
  list?: () => ReturnType<Files["list"]>;
  reader?: () => FileReader;
  findInode?: () => ReturnType<Files["findInode"]>;
}

async function* nothing() {}

/** The first process of the target. */
export const first: ProcessSeen = {
  type: "pids.process",
  time: "2026-01-01T00:00:00.000Z",
  namespace: "shop",
  pod: "web",
  container: "app",
  pid: 4242,
  containerPid: 1,
  parentPid: 4200,
  threads: 1,
  uid: 0,
  user: "root",
  state: "S",
  cpuMs: 10,
  cpuPercent: 0,
  residentBytes: 4096,
  command: "httpd -f",
  listening: [8080],
  started: "2026-01-01T00:00:00.000Z",
};

/** A place beside a target where the test itself is the program. */
export function targetClientOf(
  processes: ProcessSeen[] = [],
  { of = {}, way = "node" }: { of?: Partial<Target>; way?: TargetClient["way"] } = {},
) {
  const lost = new AbortController(), output = new Channel<{ stream: "stdout" | "stderr"; bytes: Uint8Array }>();
  const exit = Promise.withResolvers<ToolExit>();
  exit.promise.catch(() => {});
  const seen = {
    options: undefined as RunOptions | undefined,
    signals: [] as string[],
    disposed: false,
    files: {} as FakeFiles,
  };
  const run: Run = {
    output: (async function* () {
      yield* output;
      await exit.promise;
    })(),
    exit: exit.promise,
    write: () => Promise.resolve(),
    endInput() {},
    signal: (name) => Promise.resolve(void seen.signals.push(name)),
    resize() {},
  };
  const client: TargetClient = {
    target: { ...target, ...of },
    way,
    capabilities: new Set(capabilityNames),
    protectsMounts: () => true,
    targetGone: lost.signal,
    run(options) {
      seen.options = options;
      return run;
    },
    processes: () => Promise.resolve(processes),
    process: (pid) => Promise.resolve(processes.find((process) => process.pid === pid)),
    redirect: () => assert.fail("nothing is redirected"),
    bypass: () => assert.fail("nothing is bypassed"),
    files: {
      list: () => seen.files.list?.() ?? nothing(),
      reader: () => seen.files.reader!(),
      writer: () => assert.fail("nothing is written"),
      findInode: () => seen.files.findInode?.() ?? nothing(),
    },
    [Symbol.asyncDispose]() {
      seen.disposed = true;
      return Promise.resolve();
    },
  };
  return {
    client,
    seen,
    run,
    /** The program prints. */
    print: (stream: "stdout" | "stderr", bytes: Uint8Array | string) =>
      output.push({ stream, bytes: typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes }),
    /** The program ends. */
    end(code: number) {
      exit.resolve({ code });
      output.close();
    },
    /** The connection breaks. */
    breakOff(error: unknown) {
      exit.reject(error);
      output.close();
    },
    /** The cluster says that the target is gone. */
    lose: (error: unknown) => lost.abort(error),
  };
}
