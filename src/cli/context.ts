import { eventInWords } from "../text/program_name.ts";
import type { Access } from "../rights/access.ts";
import type { Command } from "../command.ts";
import type { Beside, Context, DebugPods, Destinations, Place, View } from "../context.ts";
import { ScopeError } from "../errors.ts";
import type { Event } from "../event.ts";
import { isFailure } from "../event.ts";
import type { GlobalOptions } from "../options.ts";
import type { Renderer, Screen } from "../renderer.ts";
import { safe } from "../text/safe.ts";
import { targetName } from "../target.ts";
import type { TargetQuery } from "../target.ts";
import type { Needs } from "../way.ts";
import type { AuditFacts } from "../terminal/audit.ts";
import { attach } from "../terminal/attach.ts";
import type { EnterContext } from "../connect/enter.ts";
import type { Interrupt } from "../terminal/interrupt.ts";
import { isPiped } from "../terminal/piped.ts";
import { pump } from "../terminal/pump.ts";
import { readFile } from "../terminal/read_file.ts";
import {
  onResize,
  rawInput,
  readKeys,
  sayLine,
  standardScreen,
  textScreen,
  windowSize,
  writeAll,
  writeAllAsync,
} from "../terminal/terminal.ts";
import { userAtHost } from "../terminal/user.ts";

export interface ContextOptions {
  command: Command;
  options: GlobalOptions;
  /** The hint for who lacks these rights, where a kubeconfig's context has this namespace. */
  advise(missing: readonly Access[], namespace: string): string;
  interrupt: Interrupt;
  /** Words to people as this program is called. */
  words(text: string): string;
  /** What is found out for the audit log. */
  facts: AuditFacts;
}

/** The real world of a command: this process's terminal, and the cluster that the kubeconfig names. */
export function makeContext({ command, options, interrupt, words, advise, facts }: ContextOptions): Context {
  const interactive = Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  const unsaid: string[] = [];
  let live = false;
  const say = (text: string) => live ? void unsaid.push(text) : sayLine(words(safe(text)));
  const explain = (text: string) => {
    if (options.verbose) say(text);
  };

  const enterContext = once(async (): Promise<EnterContext> => {
    const { loadCluster } = await import("../kube/cluster.ts");
    const cluster = loadCluster({
      ...{ ...options, say, explain, advise, signal: interrupt.signal },
      ...{ interactive: Deno.stdin.isTerminal(), env: Deno.env.toObject() },
    });
    facts.context = cluster.context;
    facts.namespace ??= cluster.namespace;
    explain(`using the API server ${cluster.server}`);
    const maker = { by: userAtHost(), command: command.name };
    return { cluster, options, signal: interrupt.signal, maker, say, explain };
  });

  /** What the audit log is to say of the target: what is worked on, not what a variable says. */
  const worksOn = ({ pod, selector }: TargetQuery) => {
    delete facts.pod;
    delete facts.selector;
    Object.assign(facts, pod === undefined ? {} : { pod }, selector === undefined ? {} : { selector });
  };

  /** The query, or where it says no pod the one that somebody at a terminal chooses. */
  const target = async (query: TargetQuery): Promise<TargetQuery> => {
    let chosen = query;
    if (query.pod === undefined && query.selector === undefined && mayAsk(options)) {
      const [context, { choosePod }] = await Promise.all([enterContext(), import("../connect/choose_pod.ts")]);
      chosen = await choosePod(context, query, { any: command.anyPod === true, interrupt });
    }
    worksOn(chosen);
    return chosen;
  };

  return {
    options,
    signal: interrupt.signal,
    interactive,
    terminalType: Deno.env.get("TERM") ?? "dumb",
    windowSize,
    readFile,
    say,
    async namespace(): Promise<string | undefined> {
      if (options.namespace !== undefined) return options.namespace;
      return (await import("../kube/cluster.ts")).contextNamespace({ ...options, env: Deno.env.toObject() });
    },
    async enter(query: TargetQuery, needs: Needs = {}): Promise<Beside> {
      if (options.via === "local") {
        const { enterLocal } = await import("../connect/enter_local.ts");
        return await enterLocal({ options, signal: interrupt.signal, say, explain }, query, needs);
      }
      query = await target(query);
      const [context, { enterBeside }] = await Promise.all([enterContext(), import("../connect/enter_beside.ts")]);
      // Loaded while the cluster is waited for.
      if (options.output === "text") void import("./text.ts");
      const { namespace } = query;
      const there = namespace === undefined ? context : { ...context, options: { ...options, namespace } };
      const beside = await enterBeside(there, query, needs);
      facts.target = targetName(beside.target);
      return beside;
    },
    async enterNode(name: string): Promise<Place> {
      worksOn({});
      facts.target = `node/${name}`;
      const [context, { enterNodePlace }] = await Promise.all([enterContext(), import("../connect/node_place.ts")]);
      return await enterNodePlace(context, name);
    },
    async destinations(query): Promise<Destinations> {
      // Where only hosts are pinged, from this machine, there is nothing to ask a cluster.
      if (options.via === "local" && !query.all && query.pods.length === 0) {
        return { reachable: query.hosts.map((address) => ({ address })), skipped: [], async *watch() {} };
      }
      const [{ cluster }, { findDestinations }] = await Promise.all([
        enterContext(),
        import("../connect/destinations.ts"),
      ]);
      return await findDestinations(cluster, query, options.namespace ?? cluster.namespace, say);
    },
    async debugPods(): Promise<DebugPods> {
      const [context, { makeDebugPods }] = await Promise.all([
        enterContext(),
        import("../features/pods/debug_pods.ts"),
      ]);
      const made = makeDebugPods(context);
      return { ...made, launch: async (query) => await made.launch(await target(query)) };
    },
    async *diagnose(query, commands): AsyncIterable<Event> {
      const [context, { diagnose }] = await Promise.all([enterContext(), import("../features/pods/doctor.ts")]);
      yield* diagnose(context, query, commands);
    },
    async copy(query, options): Promise<Event> {
      const [context, { copyPod }] = await Promise.all([enterContext(), import("../features/pods/copy.ts")]);
      return await copyPod(context, await target(query), options);
    },
    async show(events: AsyncIterable<Event> | Iterable<Event>, view: View = "text"): Promise<number> {
      const drawn = (view === "graph" || view === "live") && options.output === "text" && Deno.stdout.isTerminal();
      const screen = standardScreen();
      const { output } = options, inWords = (event: Event) => output === "json" ? event : eventInWords(event, words);
      const look = {
        view: drawn || view === "times" ? view : "text",
        output,
        onQuit: () => interrupt.quit(),
        words,
        say,
      } as const;
      const renderer = await makeRenderer(screen, look);
      let failed = false;
      live = drawn;
      try {
        using _live = drawn ? await followTerminal(renderer) : undefined;
        await pump(events, {
          event(event) {
            renderer.event(inWords(event));
            failed ||= isFailure(event);
          },
          flush: () => screen.flush(),
          get full() {
            return screen.full;
          },
        });
      } finally {
        renderer.end();
        await screen.flush();
        live = false;
        for (const text of unsaid.splice(0)) say(text);
      }
      return interrupt.code ?? (failed ? 1 : 0);
    },
    async *copyFiles(beside, request) {
      const { copyFiles } = await import("../features/files/copy_files.ts");
      const { terminate, output } = options;
      yield* copyFiles(beside, request, { signal: interrupt.signal, say, progress: output === "text", terminate });
    },
    async *redirect(query, plan): AsyncIterable<Event> {
      if (options.via === "local") {
        const { redirectHere } = await import("../features/redirect/run.ts");
        return yield* redirectHere({ options, signal: interrupt.signal, say, explain }, query, plan);
      }
      const [context, { redirectPods }] = await Promise.all([enterContext(), import("../features/redirect/run.ts")]);
      yield* redirectPods(context, await target(query), plan);
    },
    async *bypass(query, plan): AsyncIterable<Event> {
      if (options.via === "local") {
        const { bypassHere } = await import("../features/redirect/bypass_run.ts");
        return yield* bypassHere({ options, signal: interrupt.signal, say, explain }, query, plan);
      }
      const [context, { bypassPod }] = await Promise.all([
        enterContext(),
        import("../features/redirect/bypass_run.ts"),
      ]);
      yield* bypassPod(context, await target(query), plan);
    },
    async *logs(asked): AsyncIterable<Event> {
      if (asked.all) worksOn({});
      const request = asked.all ? asked : { ...asked, query: await target(asked.query) };
      const [context, { readLogs }] = await Promise.all([enterContext(), import("../features/logs/run.ts")]);
      if (options.output === "json") return yield* readLogs(context, request, { onTerminal: false });
      const { tellNews } = await import("../features/logs/log_notices.ts");
      // What a command prints itself is in no recording.
      const onTerminal = Deno.stdout.isTerminal() && options.record === undefined;
      yield* tellNews(readLogs(context, request, { onTerminal }), say);
    },
    async *manage(query, needs, place) {
      const [context, { manage }] = await Promise.all([enterContext(), import("../features/manage/run.ts")]);
      yield* manage(context, await target(query), needs, place);
    },
    get piped() {
      return isPiped();
    },
    async background(more) {
      if (options.record !== undefined) {
        throw new ScopeError("usage", "Option --record cannot record what goes on in the background", {
          hint: "give --foreground, too",
        });
      }
      const { runInBackground } = await import("./background.ts");
      const started = await runInBackground(more, interrupt.signal);
      // It ended because this one was told to.
      return "exitCode" in started ? { exitCode: interrupt.code ?? started.exitCode } : started;
    },
    async print(bytes) {
      for await (const piece of bytes) await writeAllAsync(Deno.stdout, piece);
    },
    completionScript: async (shell) => (await import("./completion_script.ts")).completionScript(shell),
    attach: (run) => attach(run, { terminal: interactive, signal: interrupt.signal }),
  };
}

/** Somebody sits there who sees a question and can answer it, and nobody counts on the words of an error. */
function mayAsk({ output, via }: GlobalOptions): boolean {
  return output === "text" && via !== "local" && !Deno.env.get("CI") && (Deno.env.get("TERM") || "dumb") !== "dumb" &&
    [Deno.stdin, Deno.stdout, Deno.stderr].every((stream) => stream.isTerminal());
}

interface Looks {
  view: View;
  output: GlobalOptions["output"];
  onQuit(): void;
  words(text: string): string;
  say(text: string): void;
}

async function makeRenderer(screen: Screen, { view, output, onQuit, words, say }: Looks): Promise<Renderer> {
  if (output === "json") return (await import("../text/json.ts")).jsonRenderer(screen);
  screen = textScreen(screen);
  if (view === "graph") return (await import("../features/ping/graph.ts")).graphRenderer(screen, { onQuit });
  if (view === "live") return (await import("../features/redirect/redir_live.ts")).redirRenderer(screen, { onQuit });
  return (await import("./text.ts")).textRenderer(screen, { words, say, times: view === "times" });
}

/** Passes keys and changes of the window on to a live renderer, until disposed. */
async function followTerminal(renderer: Renderer): Promise<Disposable> {
  const { leave } = await import("../text/live_screen.ts");
  const ending = new DisposableStack();
  // However this process ends, it does not leave the terminal on the picture's screen.
  const onUnload = () => writeAll(Deno.stdout, new TextEncoder().encode(leave));
  addEventListener("unload", onUnload);
  ending.defer(() => removeEventListener("unload", onUnload));
  ending.use(onResize(() => renderer.resize?.()));
  if (!Deno.stdin.isTerminal()) return ending;
  ending.use(rawInput({ signals: true }));
  const input = Deno.stdin.readable.getReader();
  ending.defer(() => void input.cancel().catch(() => {}));
  const read = async () => {
    for (let next = await input.read(); !next.done; next = await input.read()) {
      for (const key of readKeys(new TextDecoder().decode(next.value))) renderer.key?.(key);
    }
  };
  read().catch(() => {});
  return ending;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
