import { defined } from "../lib/defined.ts";
import type { Command } from "../command.ts";
import type { ClusterContext, Context, RunContext, Show, TargetClient } from "../context.ts";
import type { Event } from "../event.ts";
import { isFailure } from "../event.ts";
import type { GlobalOptions } from "../options.ts";
import type { Renderer } from "../renderer.ts";
import { targetName } from "../target.ts";
import type { TargetQuery } from "../target.ts";
import { attach } from "../terminal/attach.ts";
import type { AuditFacts } from "../terminal/audit.ts";
import type { Interrupt } from "../terminal/interrupt.ts";
import { pump } from "../terminal/pump.ts";
import { standardScreen, textScreen, windowSize, writeAllAsync } from "../terminal/terminal.ts";
import { userAtHost } from "../terminal/user.ts";
import { safe } from "../text/safe.ts";
import type { Runner } from "../tool.ts";
import type { Needs } from "../way.ts";
import { advised, eventInUsersWords, say } from "./advice.ts";
import { followTerminal } from "./follow_terminal.ts";
import { userProcess } from "../terminal/user_process.ts";

export interface ContextOptions {
  command: Command;
  options: GlobalOptions;
  interrupt: Interrupt;
  /** Collects facts for the audit log. */
  facts: AuditFacts;
}

let clusterUsed: Pick<GlobalOptions, "kubeconfig" | "context"> | undefined;

/** Returns the options of the cluster that the command has used; undefined if it used none. */
export function lastCluster(): Pick<GlobalOptions, "kubeconfig" | "context"> | undefined {
  return clusterUsed;
}

/** Makes the real context of a command: this process's terminal, and the cluster of the kubeconfig. */
export function makeContext({ command, options, interrupt, facts }: ContextOptions): Context {
  const interactive = userProcess().stdin.isTerminal() && userProcess().stdout.isTerminal();
  const pendingNotices: string[] = [];
  let live = false;
  const notice = (text: string) => live ? void pendingNotices.push(text) : say(safe(text));
  const detail = (text: string) => {
    if (options.verbose) notice(text);
  };
  const run: RunContext = { options, signal: interrupt.signal, notice, detail };

  const cluster = once(async (): Promise<ClusterContext> => {
    const { loadCluster } = await import("../kube/cluster.ts");
    const found = loadCluster({
      ...{ ...options, notice, detail, signal: run.signal },
      ...{ interactive: userProcess().stdin.isTerminal(), env: Deno.env.toObject() },
      ...defined({ handBack: userProcess().handBack }),
    });
    clusterUsed = defined({ kubeconfig: options.kubeconfig, context: options.context });
    facts.context = found.context;
    facts.namespace ??= found.namespace;
    detail(`using the API server ${found.server}`);
    const createdBy = { by: userAtHost(), command: command.name };
    return { ...run, cluster: found, createdBy };
  });

  /** Sets the target in the audit log: the effective one, not what a variable says. */
  const recordTarget = ({ pod, selector }: TargetQuery) => {
    delete facts.pod;
    delete facts.selector;
    Object.assign(facts, defined({ pod, selector }));
  };

  /** Returns the query; if it names no pod, the user at the terminal chooses one. */
  const target = async (query: TargetQuery): Promise<TargetQuery> => {
    let chosen = query;
    if (query.pod === undefined && query.selector === undefined && mayAsk(options)) {
      const [context, { choosePod }] = await Promise.all([cluster(), import("../connect/choose_pod.ts")]);
      chosen = await choosePod(context, query, { any: command.anyPod === true, interrupt });
    }
    recordTarget(chosen);
    return chosen;
  };

  return {
    ...run,
    get interrupted() {
      return interrupt.code;
    },
    interactive,
    terminalType: Deno.env.get("TERM") ?? "dumb",
    windowSize,
    async namespace(): Promise<string | undefined> {
      if (options.namespace !== undefined) return options.namespace;
      return (await import("../kube/cluster.ts")).contextNamespace({ ...options, env: Deno.env.toObject() });
    },
    target,
    cluster,
    async enter(query: TargetQuery, needs: Needs = {}): Promise<TargetClient> {
      if (options.via === "local") {
        const { enterLocal } = await import("../connect/enter_local.ts");
        return await enterLocal(run, query, needs);
      }
      query = await target(query);
      const [context, { enterTarget }] = await Promise.all([cluster(), import("../connect/enter_target.ts")]);
      // Loaded while waiting for the cluster.
      if (options.output === "text") void import("./text.ts");
      const { namespace } = query;
      const there = namespace === undefined ? context : { ...context, options: { ...options, namespace } };
      const client = await enterTarget(there, query, needs);
      facts.target = targetName(client.target);
      return client;
    },
    async enterNode(name: string): Promise<Runner> {
      recordTarget({});
      facts.target = `node/${name}`;
      const [context, { enterNodeRunner }] = await Promise.all([cluster(), import("../connect/node_runner.ts")]);
      return await enterNodeRunner(context, name);
    },
    async show(events, { live: makeLive, times = false }: Show = {}): Promise<number> {
      const { output } = options, advise = (event: Event) => advised(event, { command: command.name, options, facts });
      const worded = (event: Event) => output === "json" ? advise(event) : eventInUsersWords(advise(event));
      const drawn = makeLive !== undefined && output === "text" && userProcess().stdout.isTerminal();
      const screen = standardScreen(), text = textScreen(screen);
      const renderer: Renderer = output === "json"
        ? (await import("../text/json.ts")).jsonRenderer(screen)
        : drawn
        ? (await makeLive())(text, { onQuit: () => interrupt.quit() })
        : (await import("./text.ts")).textRenderer(text, { notice, times });
      let failed = false;
      live = drawn;
      try {
        using _live = drawn ? await followTerminal(renderer) : undefined;
        await pump(events, {
          event(event) {
            renderer.event(worded(event));
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
        for (const text of pendingNotices.splice(0)) notice(text);
      }
      return interrupt.code ?? (failed ? 1 : 0);
    },
    async print(bytes) {
      for await (const chunk of bytes) await writeAllAsync(userProcess().stdout, chunk);
    },
    attach: (run) => attach(run, { terminal: interactive, signal: interrupt.signal }),
  };
}

/** Returns true if a user at a terminal can see and answer a question, and no program depends on the error message. */
function mayAsk({ output, via }: GlobalOptions): boolean {
  return output === "text" && via !== "local" && !Deno.env.get("CI") && (Deno.env.get("TERM") || "dumb") !== "dumb" &&
    isAtTerminal();
}

function isAtTerminal(): boolean {
  const { stdin, stdout, stderr } = userProcess();
  return [stdin, stdout, stderr].every((stream) => stream.isTerminal());
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
