import type { PodRules } from "../e2e/pod_rules.ts";
import { kubectl, type Pod, TestNamespace } from "../e2e/kube.ts";
import { LocalServers } from "../e2e/local_servers.ts";
import { appPod, Bystander } from "../e2e/redirected.ts";
import type { Via } from "../e2e/scope.ts";

/** A pod whose servers identify themselves as the pod's. */
export interface App {
  readonly pod: Pod;
  readonly rules: PodRules;
}

export async function removePod({ metadata: { namespace, name } }: Pod): Promise<void> {
  await kubectl(["-n", namespace, "delete", "pod", name, "--wait=false", "--ignore-not-found"]);
}

/** The environment of the faults: a namespace with an app, another pod from which clients connect, and a laptop. */
export class Scene implements AsyncDisposable {
  /** Start time of the last redirect, in milliseconds. */
  startMs = 0;
  #app: App | undefined;
  #made = 0;

  private constructor(
    readonly via: Via,
    readonly namespace: TestNamespace,
    readonly bystander: Bystander,
    readonly laptop: LocalServers,
  ) {}

  static async open(via: Via): Promise<Scene> {
    const namespace = await TestNamespace.make();
    try {
      return new Scene(via, namespace, await Bystander.make(namespace), await LocalServers.open());
    } catch (error) {
      await namespace[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Returns the app that is shared by all faults that do not change it. */
  async app(): Promise<App> {
    return this.#app ??= await this.makeApp();
  }

  /** Makes an app for one fault. */
  async makeApp(...more: Parameters<typeof appPod>): Promise<App> {
    const pod = await this.namespace.pod(`app-${++this.#made}`, appPod(...more));
    return this.appOf(pod);
  }

  /** Runs `body` with an app of its own, and removes the app afterwards. */
  async withApp<T>(body: (app: App) => Promise<T>, ...more: Parameters<typeof appPod>): Promise<T> {
    const app = await this.makeApp(...more);
    try {
      return await body(app);
    } finally {
      await removePod(app.pod);
    }
  }

  appOf(pod: Pod): App {
    return { pod, rules: this.bystander.rulesOf(pod) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.laptop[Symbol.asyncDispose]();
    await this.namespace[Symbol.asyncDispose]();
  }
}
