import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { LAPTOP } from "../e2e/local_servers.ts";
import { describe } from "../e2e/node_processes.ts";
import { HTTP_PORT, POD } from "../e2e/redirected.ts";
import { eventsOf, type ScopeProcess, startScope } from "../e2e/scope.ts";
import { epochMs, firstTrouble, recoveryMs, type SteadyClient, troubles } from "../e2e/steady_client.ts";
import { type Aftermath, LEFT_BEHIND_MS, PROCESSES_MS, RECOVERY_MS } from "./fault.ts";
import type { App, Scene } from "./scene.ts";

export interface RedirectionOptions {
  /** App to redirect; by default that of the scene. */
  app?: App;
  /** Arguments after the command's name, instead of the one port. */
  args?: readonly string[];
  /** Arguments that select the target, instead of the pod's name. */
  whom?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** A redirected pod, with a client that sends a request every 20 ms. */
export class Redirection implements AsyncDisposable {
  private constructor(
    readonly app: App,
    readonly client: SteadyClient,
    readonly scope: ScopeProcess,
  ) {}

  /** Starts scope, and does not wait for the redirect. */
  static async launch(scene: Scene, options: RedirectionOptions = {}): Promise<Redirection> {
    const app = options.app ?? await scene.app();
    const client = scene.bystander.client(app.pod);
    try {
      await client.until(POD, 20);
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
    return new Redirection(app, client, startRedir(scene, { ...options, app }));
  }

  /** Starts scope, and waits until the laptop answers. */
  static async start(scene: Scene, options: RedirectionOptions = {}): Promise<Redirection> {
    const redirection = await Redirection.launch(scene, options);
    try {
      await redirection.scope.until("stdout", /"redir\.started"/, 60);
      scene.startMs = redirection.scope.seconds * 1000;
      await redirection.client.until(LAPTOP, 10);
      return redirection;
    } catch (error) {
      await redirection[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Returns the number of events of a type. */
  count(type: string): number {
    const whole = this.scope.stdout.slice(0, this.scope.stdout.lastIndexOf("\n") + 1);
    return eventsOf(whole).filter((event) => event["type"] === type).length;
  }

  /** Waits until scope has reconnected more than `before` times, and the laptop answers again. */
  async resumed(before: number, seconds: number): Promise<void> {
    await until("scope to resume the redirect", seconds, () => this.count("redir.resumed") > before, {
      missing: () => `${this.scope.stderr}${this.scope.stdout.slice(-500)}`,
    });
    assert.ok(this.count("redir.lost") > before, "it was resumed without having been lost");
    await this.client.until(LAPTOP, 10);
  }

  /** Asks scope to end by a signal, and checks its exit and the clean-up. */
  async finish(signal: "SIGINT" | "SIGTERM" = "SIGINT"): Promise<Aftermath> {
    const at = epochMs();
    this.scope.signal(signal);
    assert.equal(await this.scope.exit(10), signal === "SIGINT" ? 130 : 143, this.scope.stderr);
    assert.doesNotMatch(this.scope.stderr, /^error:/m);
    return await this.ended(at);
  }

  /**
   * Checks the clean-up of a redirect that ended at that time: the pod answers, and no rule and no process of scope is left.
   */
  async ended(at: number, { frozen = false } = {}): Promise<Aftermath> {
    const leaks = await this.#leftRules(at, () => true);
    const recovery = await this.recovery(at, [POD]);
    const left = (ms: number) => Math.max(0.1, (at + ms - epochMs()) / 1000);
    const holders = () => this.app.rules.holders();
    await until("nft", left(PROCESSES_MS), () => holders().length === 0).catch(() => {
      leaks.push(`processes after ${PROCESSES_MS} ms: ${describe(holders()).join(", ")}`);
    });
    await this.app.rules.untilNoTable(left(PROCESSES_MS)).catch(({ message }) => leaks.push(message));
    if (!frozen) await this.scope.exit(left(PROCESSES_MS)).catch(() => leaks.push("scope still runs"));
    return { recoveryMs: recovery, leaks };
  }

  /** Checks that the old rules of a redirect that reconnects are gone, and that connections were answered meanwhile. */
  async interrupted(at: number, tables: ReadonlySet<string>, wanted = [POD, LAPTOP]): Promise<Aftermath> {
    const leaks = await this.#leftRules(at, (table) => tables.has(table));
    return { recoveryMs: await this.recovery(at, wanted), leaks };
  }

  /** Returns the names of the present tables. */
  async tables(): Promise<Set<string>> {
    return new Set((await this.app.rules.tables()).map(({ name }) => name));
  }

  /**
   * Watches the client until some time after RECOVERY_MS, and, while the app does not answer, until LEFT_BEHIND_MS. Returns the
   * recovery time in milliseconds; Infinity if the app does not answer.
   */
  async recovery(at: number, wanted: readonly string[]): Promise<number> {
    let ms = Infinity;
    for (let watched = RECOVERY_MS + 500; ms === Infinity && watched <= LEFT_BEHIND_MS; watched += 500) {
      await this.client.pastTime(at + watched);
      ms = recoveryMs(this.client.requests, at, wanted);
    }
    if (ms > RECOVERY_MS) {
      console.error(`not well: ${troubles(this.client.requests, at, wanted).slice(-50).join(", ")}`);
    }
    return ms;
  }

  /** Like `recovery`, for a fault between `at` and now: the time counts from the first request that went wrong. */
  async outage(at: number, wanted: readonly string[]): Promise<number> {
    await this.client.pastTime(epochMs());
    const began = firstTrouble(this.client.requests, at, wanted);
    return await this.recovery(began ?? at, wanted);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scope[Symbol.asyncDispose]();
    await this.client[Symbol.asyncDispose]();
  }

  /** Returns the tables that still redirect a port after LEFT_BEHIND_MS. */
  async #leftRules(at: number, isMeant: (table: string) => boolean): Promise<string[]> {
    let active: string[] = [];
    const look = async () => {
      const tables = await this.app.rules.tables();
      active = tables.filter(({ name, ports }) => isMeant(name) && ports.length > 0).map(({ name }) => name);
      return active.length === 0;
    };
    const limit = Math.max(0.1, (at + LEFT_BEHIND_MS - epochMs()) / 1000);
    await until("no rule", limit, look, { every: 100 }).catch(() => {});
    return active.map((name) => `rules of ${name} after ${LEFT_BEHIND_MS} ms`);
  }
}

/** Starts `scope redir` to a scene's laptop. */
export function startRedir(scene: Scene, { app, args, whom, env }: RedirectionOptions & { app: App }): ScopeProcess {
  const of = whom ?? ["-p", app.pod.metadata.name];
  const ports = args ?? [`${HTTP_PORT}:${scene.laptop.httpPort}`];
  return startScope(["-n", scene.namespace.name, ...of, "-o", "json", "redir", ...ports], {
    env: { SCOPE_VIA: scene.via, ...env },
  });
}
