import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { defined } from "../../lib/defined.ts";
import type { NamespaceKind } from "../../tool.ts";
import { commonMounts, enterArgv, ownMounts } from "./enter.ts";
import { Namespace, RunResponseSchema } from "../protocol/gen/manager_pb.ts";
import type { RunRequest, RunResponse, Start } from "../protocol/gen/manager_pb.ts";
import { insideArgv, insidePrompt, waitsForRuntime } from "./inside.ts";
import { containerPid, podPid, rootPath } from "./processes.ts";
import type { LocalTools } from "./local_argv.ts";
import { isFile, localArgv } from "./local_argv.ts";
import { Program } from "./program.ts";
import { readInRoot } from "./root_file.ts";
import { containerVariables } from "./runtime_files.ts";
import { refusal } from "./refusal.ts";

const namespaceNames: Readonly<Record<Namespace, NamespaceKind | undefined>> = {
  [Namespace.UNSPECIFIED]: undefined,
  [Namespace.NET]: "net",
  [Namespace.PID]: "pid",
  [Namespace.UTS]: "uts",
  [Namespace.IPC]: "ipc",
};

/** False where the manager runs from its sources. */
const isInImage = isFile(ownMounts);

/** A program with its files. Disposing ends both, once. */
export class Session implements AsyncDisposable {
  readonly name = crypto.randomUUID();
  readonly files = new TargetFiles();
  program: Program | undefined;
  #ended: Promise<void> | undefined;

  /** `active` contains the session by its name until it has ended. */
  constructor(readonly active: Map<string, Session>) {
    active.set(this.name, this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= (async () => {
      await this.program?.[Symbol.asyncDispose]();
      await this.files[Symbol.asyncDispose]();
      this.active.delete(this.name);
    })();
  }
}

/**
 * Handles one Run. Everything that it started ends with it, and when `gone` is aborted. After that the generator may never
 * be resumed, so the clean-up must not depend on it.
 */
export async function* run(
  requests: AsyncIterable<RunRequest>,
  gone: AbortSignal,
  active: Map<string, Session>,
  sharedNamespaces: boolean,
  local?: LocalTools,
): AsyncIterable<RunResponse> {
  const input = requests[Symbol.asyncIterator]();
  const first = (await input.next()).value?.request;
  if (first?.case !== "start") throw new ConnectError("the first request must be start", Code.InvalidArgument);
  await using session = new Session(active);
  const program = session.program = await start(first.value, session.files, sharedNamespaces, local);
  gone.addEventListener("abort", () => void session[Symbol.asyncDispose](), { once: true });
  if (gone.aborted) return;
  const waits = first.value.inside?.byRuntime === true && await waitsForRuntime(program, gone);
  yield response({ case: "started", value: { pid: program.pid, run: session.name, waits } });
  void feed(program, input);
  for await (const part of program.output) {
    yield response(part.stream === "moved" ? { case: "moved", value: {} } : { case: part.stream, value: part.bytes });
  }
  yield response({ case: "exit", value: await program.exit });
}

type Part = NonNullable<MessageInitShape<typeof RunResponseSchema>["response"]>;

function response(part: Part): RunResponse {
  return create(RunResponseSchema, { response: part });
}

async function start(
  request: Start,
  files: TargetFiles,
  sharedNamespaces: boolean,
  local?: LocalTools,
): Promise<Program> {
  const { argv, env, pty } = await commandOf(request, files, sharedNamespaces, local);
  try {
    const { traces } = request;
    return new Program({ argv, env, ...defined({ pty }), ...(traces === 0 ? {} : { traces }) });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      const where = local === undefined ? "in the image" : "on this machine";
      throw refusal("NO_PROGRAM", `there is no program ${JSON.stringify(argv[0])} ${where}`);
    }
    throw error;
  }
}

/** Returns the command for a request: the program, prefixed with the commands that bring it to the target. */
async function commandOf(
  request: Start,
  files: TargetFiles,
  sharedNamespaces: boolean,
  local?: LocalTools,
): Promise<Start> {
  const namespaces = request.namespaces.flatMap((kind) => namespaceNames[kind] ?? []);
  const { target, inside, argv } = request;
  if (local !== undefined) {
    const { podUid = "", containerId = "", pid = 0 } = target ?? {};
    const process = pid || containerPid(containerId);
    const entered = namespaces.length === 0 ? undefined : process ?? podPid(podUid);
    const copies = entered !== undefined && namespaces.includes("net") ? await files.copy(entered) : {};
    const env = process === undefined ? request.env : { SCOPE_ROOT: rootPath(process), ...request.env };
    return { ...request, env, argv: localArgv(local, { pid: entered, namespaces, files: copies, argv }) };
  }
  if (target === undefined || (namespaces.length === 0 && inside === undefined)) {
    return sharedNamespaces ? { ...request, argv: ["/opt/scope/run", ...argv] } : request;
  }
  const process = target.pid || containerPid(target.containerId);
  if (inside !== undefined) {
    if (process === undefined) throw refusal("NOT_RUNNING", "the container does not run");
    const { privileged, user, byRuntime } = inside;
    // A program that the container runtime starts gets its variables there.
    const variables = byRuntime || target.pid !== 0 ? {} : await containerVariables(target.containerId);
    return {
      ...request,
      argv: insideArgv({ pid: process, privileged, user, sharedNamespaces, byRuntime, argv }),
      // HISTFILE: otherwise the shell leaves a history file in the target.
      env: { ...request.env, ...variables, PS1: insidePrompt, HISTFILE: "" },
    };
  }
  const env: Record<string, string> = process === undefined
    ? request.env
    : { SCOPE_ROOT: rootPath(process), ...request.env };
  if (sharedNamespaces) return { ...request, env, argv: ["/opt/scope/run", ...argv] };
  const pid = process ?? podPid(target.podUid);
  if (pid === undefined) throw refusal("NOT_RUNNING", "the pod has no process on this node");
  const copies = namespaces.includes("net") ? await files.copy(pid) : {};
  const mounts = isInImage ? {} : { mounts: commonMounts };
  return { ...request, env, argv: enterArgv({ pid, namespaces, files: copies, argv, ...mounts }) };
}

async function feed(program: Program, input: AsyncIterator<RunRequest>): Promise<void> {
  try {
    for (let next = await input.next(); !next.done; next = await input.next()) {
      const { request } = next.value;
      if (request.case === "stdin") await program.write(request.value as Uint8Array<ArrayBuffer>);
      else if (request.case === "stdinEnd") await program.endInput();
    }
  } catch {
    // The stream was aborted: the abort signal ends the program.
  }
}

/** Copies of files of the target, kept while a program uses them. */
class TargetFiles implements AsyncDisposable {
  #directory: string | undefined;

  /** Copies the files in /etc that a program in the target's network needs. */
  async copy(pid: number): Promise<Record<string, string>> {
    const directory = this.#directory = Deno.makeTempDirSync({ prefix: "scope-etc-" });
    Deno.chmodSync(directory, 0o755); // also readable by tools that drop their privileges
    const copies: Record<string, string> = {};
    await Promise.all(["resolv.conf", "hosts"].map(async (name) => {
      const bytes = await readInRoot(pid, `/etc/${name}`);
      if (bytes !== undefined) Deno.writeFileSync(copies[name] = `${directory}/${name}`, bytes, { mode: 0o644 });
    }));
    return copies;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#directory !== undefined) await Deno.remove(this.#directory, { recursive: true }).catch(() => {});
  }
}
