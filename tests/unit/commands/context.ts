import type { BypassPlan } from "../../../src/manager/client/bypass_plan.ts";
import type { Beside, Context, CopyOptions, DestinationQuery, Run, ServeOptions, View } from "../../../src/context.ts";
import { ScopeError } from "../../../src/errors.ts";
import type { CopyRequest } from "../../../src/features/files/copy_place.ts";
import type { Destination, Event, PingSkipped, ProcessSeen } from "../../../src/event.ts";
import type { LogRequest } from "../../../src/features/logs/request.ts";
import { resolveOptions } from "../../../src/options.ts";
import type { RawOptions } from "../../../src/options.ts";
import type { RedirectAsked } from "../../../src/manager/client/redirect_plan.ts";
import type { Target, TargetQuery } from "../../../src/target.ts";
import type { Needs } from "../../../src/way.ts";
import { besideOf } from "../beside.ts";

export interface World {
  globals?: RawOptions;
  reachable?: Destination[];
  skipped?: PingSkipped[];
  debugPods?: Event[];
  processes?: ProcessSeen[];
  interactive?: boolean;
  /** More about the target, and how it is reached. */
  target?: Partial<Target>;
  way?: Beside["way"];
  piped?: boolean;
  /** What `show` answers. */
  shown?: number;
  /** Texts by their paths. */
  files?: Readonly<Record<string, string>>;
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
    files = {},
    contextNamespace,
  }: World,
) {
  const place = besideOf(processes, { of: target, way });
  const did = {
    entered: [] as TargetQuery[],
    needs: [] as Needs[],
    diagnosed: [] as [TargetQuery, string[]][],
    asked: [] as DestinationQuery[],
    launched: [] as TargetQuery[],
    listed: [] as boolean[],
    removed: [] as [string, boolean][],
    nodes: [] as string[],
    redirected: [] as [TargetQuery, RedirectAsked][],
    bypassed: [] as [TargetQuery, BypassPlan][],
    copied: [] as [TargetQuery, CopyOptions][],
    copiedFiles: [] as CopyRequest[],
    logged: [] as LogRequest[],
    managed: [] as [TargetQuery, Needs, ServeOptions][],
    background: [] as (readonly string[])[],
    printed: "",
    attached: [] as Run[],
    events: [] as Event[],
    views: [] as View[],
    said: [] as string[],
  };
  const context: Context = {
    options: resolveOptions(globals),
    signal: new AbortController().signal,
    interactive,
    terminalType: "xterm",
    windowSize: () => ({ columns: 100, rows: 30 }),
    readFile: (path) =>
      path in files
        ? Promise.resolve(files[path]!)
        : Promise.reject(new ScopeError("notFound", `Cannot find the file "${path}"`)),
    say: (text) => void did.said.push(text),
    namespace: () => Promise.resolve(globals.namespace as string | undefined ?? contextNamespace),
    enter(query, needs = {}) {
      did.entered.push(query);
      did.needs.push(needs);
      return Promise.resolve(place.beside);
    },
    enterNode(name) {
      did.nodes.push(name);
      return Promise.resolve(place.beside);
    },
    destinations(query) {
      did.asked.push(query);
      return Promise.resolve({ reachable, skipped, async *watch() {} });
    },
    debugPods: () =>
      Promise.resolve({
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
      }),
    async *diagnose(query, commands) {
      did.diagnosed.push([query, commands.map(({ command }) => command)]);
      yield* debugPods;
    },
    copy(query, options) {
      did.copied.push([query, options]);
      return Promise.resolve(debugPods[0]!);
    },
    async *copyFiles(_beside, request) {
      did.copiedFiles.push(request);
      yield* debugPods;
    },
    async *redirect(query, plan) {
      did.redirected.push([query, plan]);
      yield* debugPods;
    },
    async *bypass(query, plan) {
      did.bypassed.push([query, plan]);
      yield* debugPods;
    },
    async *logs(request) {
      did.logged.push(request);
      yield* debugPods;
    },
    async *manage(query, needs, place) {
      did.managed.push([query, needs, place]);
      yield* debugPods;
    },
    piped,
    background(more) {
      did.background.push(more);
      return Promise.resolve({ pid: 4242, line: "scope-a1 unix:/tmp/scope-b2/manager.sock" });
    },
    async print(bytes) {
      for await (const piece of bytes) did.printed += new TextDecoder().decode(piece);
    },
    async show(events, view = "text") {
      did.views.push(view);
      for await (const event of events) did.events.push(event);
      return shown;
    },
    completionScript: (shell) => Promise.resolve(`script for ${shell}`),
    attach(run) {
      did.attached.push(run);
      return Promise.resolve(7);
    },
  };
  return { context, did, place };
}
