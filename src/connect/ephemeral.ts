import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { defined } from "../lib/defined.ts";
import { ScopeError } from "../errors.ts";
import { assertAllowed } from "../kube/access.ts";
import type { Cluster, V1Pod } from "../kube/cluster.ts";
import { isFinished, isTerminating, podName } from "../kube/pods.ts";
import { sharedLimits } from "../kube/limits.ts";
import { podMemory } from "../kube/memory.ts";
import { podPath } from "../kube/rest.ts";
import type { CreatedBy } from "../kube/created_by.ts";
import type { PullPolicy } from "../options.ts";
import { rightsToUse } from "../rights/rights.ts";
import type { Target } from "../target.ts";
import type { Needs } from "../way.ts";
import { changedRights } from "./admission.ts";
import { connectManager, waitForManager } from "./starting_manager.ts";
import { whyEnded } from "./ended.ts";
import type { EphemeralOptions } from "./ephemeral_container.ts";
import { ephemeralContainer, findUsable, merged, scopeContainers } from "./ephemeral_container.ts";
import { connectFound } from "./found.ts";
import type { ManagerEndpoint } from "./manager_endpoint.ts";
import { execStream } from "../kube/exec.ts";
import { runtimeExec } from "./runtime_exec.ts";
import { changedProfile, obstacleFor, policyOf, refusedProfile } from "./refusal.ts";
import type { SecurityProfile } from "./security_profile.ts";
import { profilesFor, profileText } from "./security_profile.ts";
import { noRoom, toolMemory } from "./way_rules.ts";
import { nodeTrouble, troubleOfContainer } from "./trouble.ts";
import { progressOfContainer } from "./waiting.ts";

export interface EphemeralWayOptions {
  image: string;
  pullPolicy: PullPolicy;
  createdBy?: CreatedBy;
  timeoutMs: number;
  /** Prints a notice for the user. */
  notice(text: string): void;
  /** Prints details about decisions, for `-v`. */
  detail(text: string): void;
  /** Asks the manager at the other end to end unless it has other clients; returns whether it ends. */
  askToEnd(stream: Duplex): Promise<boolean>;
}

/** A running container that meets the needs, or the profile of one that the cluster would admit. */
export interface Plan {
  profile: SecurityProfile;
  running?: string;
  /** Mounts the target's volumes. */
  volumes: boolean;
  /** Has a read-only root filesystem, as admission or the pod's limits require. */
  readOnly: boolean;
  /** Running containers that lack something; the new container also does all that they do. */
  replaces: readonly string[];
}

/** Name of the container in dry runs. */
const testName = "scope-test";

/** An ephemeral container in the target's pod, with as few rights as the task needs, and none on the node. */
export class EphemeralWay {
  constructor(private readonly cluster: Cluster, private readonly options: EphemeralWayOptions) {}

  /**
   * Returns the best container that runs or that the cluster would admit. Each profile is tried in a dry run first, as an
   * ephemeral container can never be removed from a pod.
   *
   * Throws ScopeError: denied when policy or RBAC refuses all profiles, unreachable when the pod can have no such container.
   */
  async plan(pod: V1Pod, target: Target, needs: Needs): Promise<Plan> {
    const obstacle = obstacleFor(pod, target);
    // A container that already runs in a pod that is being deleted may keep running for a long time.
    if (obstacle !== undefined && !isTerminating(pod)) throw obstacle;
    let allowed: Promise<void> | undefined;
    let refusal: ScopeError | undefined;
    const images = [this.options.image];
    for (const profile of profilesFor(pod, target.container.name, needs)) {
      let plans = this.#plans(pod, target, needs, profile, images);
      for (let plan = plans.shift(); plan !== undefined; plan = plans.shift()) {
        if (plan.running !== undefined) return plan;
        if (obstacle !== undefined) continue;
        allowed ??= this.#assertUsable(target);
        allowed.catch(() => {}); // awaited below
        let admitted: V1Pod;
        try {
          admitted = await this.#add(pod, this.#container(testName, target, plan), true);
        } catch (error) {
          if ((error as ScopeError).missing !== undefined) await allowed; // its error names all missing rights
          refusal = refusedProfile(error as ScopeError, pod, plan.profile);
          const policy = policyOf(refusal);
          // A less privileged profile helps only against Pod Security.
          if (policy === undefined) throw refusal;
          this.options.detail(`no ephemeral container as ${profileText(plan.profile)}: ${policy}`);
          continue;
        }
        await allowed;
        const { image, securityContext } = admitted.spec?.ephemeralContainers?.find(({ name }) => name === testName) ??
          {};
        const requested = ephemeralContainer(pod, this.#container(testName, target, plan)).securityContext!;
        const changed = image === undefined
          ? undefined
          : changedRights(requested, securityContext, plan.profile.confinedAsTarget);
        if (changed !== undefined) {
          refusal = changedProfile(pod, plan.profile, changed);
          this.options.detail(`no ephemeral container as ${profileText(plan.profile)}: ${changed}`);
          continue;
        }
        if (securityContext?.readOnlyRootFilesystem === true && !plan.readOnly) {
          this.options.detail("the cluster's admission makes the root of the ephemeral container read-only");
          plan = { ...plan, readOnly: true };
        }
        if (image === undefined || images.includes(image) || images.length > 1) return plan;
        // Admission may rewrite images, for example to a mirror, also those of running containers. The dry run's result is
        // the proof of the rewritten name: a container of the pod could name any image.
        images.push(image);
        const known = this.#plans(pod, target, needs, profile, images);
        if (known.every(({ running, replaces }) => running === undefined && replaces.length === 0)) return plan;
        plans = known;
      }
    }
    throw obstacle ?? refusal!;
  }

  /** Checks the rights before a container is added that this user could not connect to. Throws ScopeError (denied). */
  #assertUsable({ namespace, pod }: Target): Promise<void> {
    const what = `use an ephemeral container in pod "${namespace}/${pod}"`;
    return assertAllowed(this.cluster, what, rightsToUse("ephemeral", namespace, pod));
  }

  /** Plans to use a running container, or else to add one: first with all rights of the containers that it replaces. */
  #plans(
    pod: V1Pod,
    target: Target,
    { volumes = false }: Needs,
    profile: SecurityProfile,
    images: readonly string[],
  ): Plan[] {
    const wanted = { target: target.container.name, images, profile, volumes };
    const running = findUsable(pod, wanted)?.spec.name;
    // Files that the container writes to disk count towards the pod's limit, and could get the pod evicted.
    const readOnly = sharedLimits(pod).storageBytes !== undefined;
    if (running !== undefined) return [{ profile, volumes, readOnly, running, replaces: [] }];
    const all = { ...merged(pod, wanted), readOnly }, alone: Plan = { profile, volumes, readOnly, replaces: [] };
    return all.replaces.length > 0 ? [all, alone] : [alone];
  }

  async reach(pod: V1Pod, target: Target, plan: Plan, signal: AbortSignal): Promise<ManagerEndpoint> {
    const { profile, running, readOnly, replaces } = plan;
    if (running !== undefined) {
      const place = { namespace: target.namespace, pod: target.pod, container: running };
      const stream = await connectFound(this.cluster, place, signal);
      if (stream !== undefined) return this.#endpoint(target, running, profile, stream, true);
    }
    const obstacle = obstacleFor(pod, target);
    if (obstacle !== undefined) throw obstacle;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.options.timeoutMs)]);
    const name = freshName(pod);
    const memory = await podMemory(this.cluster, pod), toolBytes = toolMemory(memory, readOnly);
    const container = {
      ...this.#container(name, target, plan),
      ...defined({ toolBytes }),
    };
    this.options.notice(
      `adding the ephemeral container "${name}" to pod "${podName(pod)}" (${this.options.image}), as ` +
        `${profileText(profile)}: it ends when it has been idle for 10 minutes, and its name stays with the pod`,
    );
    const shortage = noRoom(memory);
    if (shortage !== undefined) {
      this.options.notice(`${shortage}: the kernel may end a process of the pod for want of memory`);
    }
    const added = await this.#add(pod, container, false);
    const [reached] = await Promise.all([
      waitForManager(this.cluster, this.#arrival(added, target, name), limit),
      ...replaces.map((old) => this.#retire({ namespace: target.namespace, pod: target.pod, container: old })),
    ]);
    return this.#endpoint(target, name, profile, reached!.stream, false);
  }

  /** Ends a replaced container unless other clients use it. A container that does not answer ends when it is idle. */
  async #retire(place: { namespace: string; pod: string; container: string }): Promise<void> {
    try {
      const ending = await this.options.askToEnd(await connectManager(this.cluster, place));
      this.options.detail(`${ending ? "ending" : "others use"} "${place.container}", which lacks something`);
    } catch {
      this.options.detail(`"${place.container}" lacks something, and does not answer`);
    }
  }

  #container(name: string, target: Target, { profile, volumes, readOnly }: Plan): EphemeralOptions {
    const { image, pullPolicy, createdBy } = this.options;
    return {
      name,
      target: target.container.name,
      image,
      pullPolicy,
      profile,
      volumes,
      readOnly,
      ...defined({ createdBy }),
    };
  }

  #add(pod: V1Pod, options: EphemeralOptions, dryRun: boolean): Promise<V1Pod> {
    const { namespace = "", name = "", uid } = pod.metadata ?? {};
    // A sent patch cannot be undone, so an interrupt does not abort it.
    const cluster = dryRun ? this.cluster : this.cluster.uninterrupted;
    return cluster.request<V1Pod>(`add an ephemeral container to pod "${podName(pod)}"`, {
      method: "PATCH",
      path: `${podPath(namespace, name)}/ephemeralcontainers`,
      query: dryRun ? { dryRun: "All" } : {},
      body: { metadata: { uid }, spec: { ephemeralContainers: [ephemeralContainer(pod, options)] } },
    });
  }

  #arrival(pod: V1Pod, target: Target, container: string): Parameters<typeof waitForManager>[1] {
    const { image, timeoutMs, notice } = this.options, name = podName(pod);
    const what = `ephemeral container "${container}" of pod "${name}"`;
    return {
      namespace: target.namespace,
      pod: target.pod,
      container,
      what,
      image,
      timeoutMs,
      notice,
      progress(now) {
        if (now.metadata?.uid !== pod.metadata?.uid || isTerminating(now)) throw deleted(name);
        const status = scopeContainers(now).find(({ spec }) => spec.name === container)?.status;
        const starting = {
          what: `E${what.slice(1)}`,
          image,
          logs: `kubectl logs -n ${target.namespace} ${target.pod} -c ${container}`,
        };
        return progressOfContainer(status?.state ?? {}, starting, { finished: isFinished(now) });
      },
      gone(failed) {
        throw failed?.error ?? deleted(name);
      },
      trouble: async (now) =>
        await nodeTrouble(this.cluster, target.node) ?? await troubleOfContainer(this.cluster, now, container, image),
    };
  }

  #endpoint(
    target: Target,
    container: string,
    profile: SecurityProfile,
    stream: ManagerEndpoint["stream"],
    found: boolean,
  ): ManagerEndpoint {
    const { namespace, pod } = target, place = { namespace, pod, container };
    return {
      stream,
      way: "ephemeral",
      capabilities: new Set(profile.capabilities),
      name: container,
      place: `ephemeral container "${container}" of pod "${target.namespace}/${target.pod}"`,
      found,
      created: !found,
      whyEnded: async () => {
        const ending = await whyEnded(this.cluster.uninterrupted, { ...place, host: target.container });
        return ending?.podDeleted ? deleted(`${namespace}/${pod}`) : ending?.why;
      },
      ...profile.confinedAsTarget
        ? {}
        : { runtimeExec: (command, signal) => runtimeExec(this.cluster, target, command, signal) },
      exec: (command) => execStream(this.cluster, { ...place, command, whole: true }),
      again: () => connectManager(this.cluster.uninterrupted, place),
      [Symbol.asyncDispose]: () => Promise.resolve(void stream.destroy()),
    };
  }
}

/** Returns an unused name: the name of an ephemeral container stays taken for ever, even after it has ended. */
function freshName(pod: V1Pod): string {
  const taken = new Set((pod.spec?.ephemeralContainers ?? []).map(({ name }) => name));
  for (let name = "";;) {
    name = `scope-${randomBytes(3).toString("hex")}`;
    if (!taken.has(name)) return name;
  }
}

function deleted(pod: string): ScopeError {
  return new ScopeError("unreachable", `Pod "${pod}" was deleted meanwhile`, { hint: "choose a pod that runs" });
}
