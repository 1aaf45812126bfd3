import type { Destinations } from "../../../src/connect/destinations.ts";
import type { ClusterContext, Context, TargetClient } from "../../../src/context.ts";
import type { Event, PingSkipped, ProcessSeen } from "../../../src/event.ts";
import type { Destination, DestinationQuery, Target, TargetQuery } from "../../../src/target.ts";
import type { CopyRequest } from "../../../src/features/files/copy_place.ts";
import type { LogRequest } from "../../../src/features/logs/request.ts";
import type { ServeOptions } from "../../../src/features/manage/command.ts";
import type { CopyOptions } from "../../../src/features/pods/copy_command.ts";
import type { DebugPods } from "../../../src/features/pods/debug_pods.ts";
import type { CommandNeeds } from "../../../src/features/pods/doctor_command.ts";
import type { RedirCommandPlan } from "../../../src/features/redirect/command.ts";
import type { BypassPlan } from "../../../src/manager/client/bypass_plan.ts";
import { resolveOptions } from "../../../src/options.ts";
import type { RawOptions } from "../../../src/options.ts";
import type { Run } from "../../../src/tool.ts";
import type { Needs } from "../../../src/way.ts";
import { targetClientOf } from "../target_client.ts";

export interface World {
  globals?: RawOptions;
  reachable?: Destination[];
  skipped?: PingSkipped[];
  debugPods?: Event[];
  processes?: ProcessSeen[];
  interactive?: boolean;
  /** More about the target, and how it is reached. */
  target?: Partial<Target>;
  way?: TargetClient["way"];
  piped?: boolean;
  /** The result of `show`. */
  shown?: number;
  /** Of the kubeconfig. */
  contextNamespace?: string;
}

/** A world in memory: it remembers what a command did to it. */
export function worldOf(
  {
    globals = {},
    reachable = [],
    skipped = [],
    debugPods = [],
    processes = [],
    interactive = false,
    target = {},
    way = "node",
    piped = false,
    shown = 0,
    contextNamespace,
  }: World,
) {
  const place = targetClientOf(processes, { of: target, way });
  const did = {
    entered: [] as TargetQuery[],
    needs: [] as Needs[],
    diagnosed: [] as [TargetQuery, string[]][],
    requested: [] as DestinationQuery[],
    launched: [] as TargetQuery[],
    listed: [] as boolean[],
    removed: [] as [string, boolean][],
    nodes: [] as string[],
    redirected: [] as RedirCommandPlan[],
    bypassed: [] as BypassPlan[],
    copied: [] as [TargetQuery, CopyOptions][],
    copiedFiles: [] as CopyRequest[],
    logged: [] as LogRequest[],
    managed: [] as [TargetQuery, Needs, ServeOptions][],
    background: [] as (readonly string[])[],
    printed: "",
    attached: [] as Run[],
    events: [] as Event[],
    shows: [] as string[],
    said: [] as string[],
  };
  const options = resolveOptions(globals), signal = new AbortController().signal;
  const notice = (text: string) => void did.said.push(text);
  const cluster = { options, signal, notice, detail() {} } as unknown as ClusterContext;
  const context: Context = {
    options,
    signal,
    interactive,
    interrupted: undefined,
    terminalType: "xterm",
    windowSize: () => ({ columns: 100, rows: 30 }),
    notice,
    detail() {},
    namespace: () => Promise.resolve(globals.namespace as string | undefined ?? contextNamespace),
    target: (query) => Promise.resolve(query),
    cluster: () => Promise.resolve(cluster),
    enter(query, needs = {}) {
      did.entered.push(query);
      did.needs.push(needs);
      return Promise.resolve(place.client);
    },
    enterNode(name) {
      did.nodes.push(name);
      return Promise.resolve(place.client);
    },
    async print(bytes) {
      for await (const chunk of bytes) did.printed += new TextDecoder().decode(chunk);
    },
    async show(events, { live, times = false } = {}) {
      did.shows.push(live !== undefined ? "live" : times ? "times" : "text");
      for await (const event of events) did.events.push(event);
      return shown;
    },
    attach(run) {
      did.attached.push(run);
      return Promise.resolve(7);
    },
  };
  const debugPod: DebugPods = {
    launch(query) {
      did.launched.push(query);
      return Promise.resolve(debugPods[0]!);
    },
    list(everywhere) {
      did.listed.push(everywhere);
      return Promise.resolve(debugPods);
    },
    async *remove(pod, everywhere) {
      did.removed.push([pod, everywhere]);
      yield* debugPods;
    },
  };
  /** Stand in for the parts of features that reach a cluster or this machine. */
  const ports = {
    find(_context: unknown, query: DestinationQuery): Promise<Destinations> {
      did.requested.push(query);
      return Promise.resolve({ reachable, skipped, async *watch() {} });
    },
    makeDebugPods: () => debugPod,
    async *diagnose(_context: unknown, query: TargetQuery, commands: readonly CommandNeeds[]) {
      did.diagnosed.push([query, commands.map(({ command }) => command)]);
      yield* debugPods;
    },
    copyPod(_context: unknown, query: TargetQuery, options: CopyOptions) {
      did.copied.push([query, options]);
      return Promise.resolve(debugPods[0]!);
    },
    async *copyFiles(_beside: unknown, request: CopyRequest) {
      did.copiedFiles.push(request);
      yield* debugPods;
    },
    async *redirect(_context: unknown, plan: RedirCommandPlan) {
      did.redirected.push(plan);
      yield* debugPods;
    },
    async *bypass(_context: unknown, plan: BypassPlan) {
      did.bypassed.push(plan);
      yield* debugPods;
    },
    async *readLogs(_context: unknown, request: LogRequest) {
      did.logged.push(request);
      yield* debugPods;
    },
    async *serve(_context: unknown, query: TargetQuery, needs: Needs, place: ServeOptions) {
      did.managed.push([query, needs, place]);
      yield* debugPods;
    },
    isPiped: () => piped,
    runInBackground(more: readonly string[]) {
      did.background.push(more);
      return Promise.resolve({ pid: 4242, line: "scope-a1 unix:/tmp/scope-b2/manager.sock" });
    },
  };
  return { context, did, place, ports };
}
