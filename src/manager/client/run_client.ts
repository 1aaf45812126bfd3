import type { Duplex } from "node:stream";
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Run, RunOptions } from "../../tool.ts";
import type { NamespaceKind, ToolExit } from "../../tool.ts";
import { defined } from "../../lib/defined.ts";
import { Channel } from "../../lib/channel.ts";
import { merge } from "../../lib/merge.ts";
import { Rate } from "../../lib/rate.ts";
import type { ManagerConnection } from "./connection.ts";
import type { ControlRequestSchema } from "../protocol/gen/manager_pb.ts";
import { type Exec, openPipeExec, readPipeExec } from "./pipe_exec.ts";
import { Namespace, RunRequestSchema } from "../protocol/gen/manager_pb.ts";
import type { RunRequest } from "../protocol/gen/manager_pb.ts";

export interface RunTarget {
  podUid: string;
  containerId: string;
  /** Name shown in the prompt of a shell. */
  name: string;
}

const namespaceNumbers: Readonly<Record<NamespaceKind, Namespace>> = {
  net: Namespace.NET,
  pid: Namespace.PID,
  uts: Namespace.UTS,
  ipc: Namespace.IPC,
};

/** Has the container runtime run a command in the target's container; rejects with ScopeError on failure. */
export type RuntimeExec = (command: readonly string[], signal: AbortSignal) => Promise<void>;

/** Signal that ends a program whose start inside the target failed, and its exit code then. A program that runs ignores it. */
const runtimeExecFailed = { signal: "SIGURG", code: 128 + 23 };

type Part = NonNullable<MessageInitShape<typeof RunRequestSchema>["request"]>;

/** Output of so many bytes within so many milliseconds is worth an exec for the rest. */
const muchOutput = [2 * 1024 * 1024, 1000] as const;

/** Ways past the manager, where there are any. */
export interface Execs {
  runtimeExec?: RuntimeExec | undefined;
  /** Reads much output. Missing: all output comes through the manager. */
  exec?: Exec | undefined;
}

/** Starts a program through a manager. `translate` turns errors of the connection into errors for users. */
export function startRun(
  { calls, lost }: ManagerConnection,
  { argv, namespaces, env = {}, pty, traces, inside, pid }: RunOptions,
  { podUid, containerId, name }: RunTarget,
  translate: (error: unknown) => Promise<unknown>,
  { runtimeExec, exec }: Execs = {},
): Run {
  const requests = new Channel<RunRequest>();
  const send = (request: Part) => void requests.push(create(RunRequestSchema, { request }));
  const exit = Promise.withResolvers<ToolExit>();
  exit.promise.catch(() => {}); // reading the output throws the same error
  send({
    case: "start",
    value: {
      target: { podUid, containerId, ...defined({ pid }) },
      namespaces: namespaces.map((kind) => namespaceNumbers[kind]),
      argv: [...argv],
      env: { SCOPE_TARGET: name, ...env },
      ...defined({ pty, traces }),
      ...(inside === undefined ? {} : { inside: { ...inside, byRuntime: runtimeExec !== undefined } }),
    },
  });

  const left = new AbortController(), started = Promise.withResolvers<string>();
  // A separate call: in the stream, the request would wait behind input that the program does not read.
  const control = (action: NonNullable<MessageInitShape<typeof ControlRequestSchema>["action"]>) =>
    started.promise.then((run) => calls.control({ run, action })).then(() => {}, () => {}); // the output reports a loss

  let refusal: unknown;
  // A manager can only report that its program waits: the client decides which command runs in the target.
  const enter = (pid: number) =>
    void runtimeExec?.([`/proc/${pid}/exe`, "--guest", `${pid}`], left.signal).catch((error: unknown) => {
      refusal = error;
      control({ case: "signal", value: runtimeExecFailed.signal });
    });

  const answers = calls.run(requests, { signal: AbortSignal.any([lost, left.signal]) })[Symbol.asyncIterator]();
  const rate = new Rate(...muchOutput);
  let exited: ToolExit | undefined, bulk: Promise<Duplex | undefined> | undefined;

  async function openBulk(read: Exec): Promise<Duplex | undefined> {
    const run = await started.promise;
    const ready = (ready: boolean) => calls.control({ run, action: { case: "outputExec", value: { ready } } });
    const pipe = await ready(false);
    if (pipe.path === "") return undefined;
    const stream = await openPipeExec(read, "from", pipe, left.signal);
    await ready(true);
    return stream;
  }

  async function* fromManager(): Run["output"] {
    for (let next = await answers.next(); !next.done; next = await answers.next()) {
      const { response } = next.value;
      if (response.case === "started") {
        started.resolve(response.value.run);
        if (response.value.waits) enter(response.value.pid);
      } else if (response.case === "stdout" || response.case === "stderr") {
        yield { stream: response.case, bytes: response.value };
        if (response.case === "stderr" || exec === undefined || pty !== undefined || traces !== undefined) continue;
        // Without the exec, all output goes on to come from here.
        if (rate.isMuch(response.value.length)) bulk ??= openBulk(exec).catch(() => undefined);
      } else if (response.case === "moved") {
        const stream = await bulk;
        if (stream === undefined) throw new Error("the exec for the output was lost");
        yield* merge([fromManager(), fromExec(stream)].map(endingAll));
      } else if (response.case === "exit") {
        const { code, signal } = response.value;
        if (refusal !== undefined && code === runtimeExecFailed.code) throw refusal;
        exited = { code, ...(signal === "" ? {} : { signal }) };
      }
    }
  }

  /** Ends the whole run when one of two sources fails: otherwise the other one may wait for ever. */
  async function* endingAll(source: Run["output"]): Run["output"] {
    try {
      yield* source;
    } catch (error) {
      left.abort();
      throw error;
    }
  }

  async function* output(): Run["output"] {
    try {
      yield* fromManager();
      if (exited === undefined) throw new Error("the program's end was not told");
      exit.resolve(exited);
    } catch (error) {
      const translated = await translate(error);
      exit.reject(translated);
      throw translated;
    } finally {
      requests.close();
      left.abort(); // ends the program if the caller stops reading
    }
  }

  return {
    output: output(),
    exit: exit.promise,
    write: (bytes) => requests.push(create(RunRequestSchema, { request: { case: "stdin", value: bytes } })),
    endInput: () => send({ case: "stdinEnd", value: {} }),
    signal: (value) => control({ case: "signal", value }),
    resize: (value) => void control({ case: "resize", value }),
  };
}

async function* fromExec(stream: Duplex): Run["output"] {
  for await (const bytes of readPipeExec(stream)) yield { stream: "stdout", bytes };
}
