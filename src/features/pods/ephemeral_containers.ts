import { ScopeError } from "../../errors.ts";
import type { EphemeralContainerSeen, Event } from "../../event.ts";
import { failed } from "../../event.ts";
import { now } from "../../lib/timed.ts";
import type { Cluster, V1Pod } from "../../kube/cluster.ts";
import { podName } from "../../kube/pods.ts";
import { connect } from "../../manager/client/connection.ts";
import { connectManager } from "../../connect/starting_manager.ts";
import { whyEnded } from "../../connect/ended.ts";
import { scopeContainers, versionOf } from "../../connect/ephemeral_container.ts";
import { profileText } from "../../connect/security_profile.ts";

/** Limit for a manager to acknowledge its shutdown, in milliseconds. */
const answerMs = 5000;

/** Returns scope's running or starting ephemeral containers in a pod, as events of `list`. */
export function seenContainers(pod: V1Pod): EphemeralContainerSeen[] {
  return scopeContainers(pod).filter(({ status }) => status?.state?.terminated === undefined).map(
    ({ spec, status }) => {
      const { runAsUser, capabilities } = spec.securityContext ?? {}, running = status?.state?.running;
      const granted = { capabilities: capabilities?.add ?? [] };
      return {
        type: "list.ephemeral-container",
        time: now(),
        name: spec.name,
        pod: pod.metadata?.name ?? "",
        namespace: pod.metadata?.namespace ?? "",
        node: pod.spec?.nodeName ?? "",
        image: spec.image ?? "",
        rights: profileText(runAsUser === undefined ? granted : { ...granted, uid: runAsUser }),
        status: running === undefined ? status?.state?.waiting?.reason ?? "Pending" : "Running",
        version: versionOf(spec),
        ...(running?.startedAt === undefined ? {} : { started: new Date(running.startedAt).toISOString() }),
      };
    },
  );
}

/** Ends the manager in an ephemeral container, even with other clients. Returns a failure as an event. */
export async function endContainer(
  cluster: Cluster,
  seen: EphemeralContainerSeen,
  signal: AbortSignal,
): Promise<Event> {
  const { namespace, pod, name, node, image, rights } = seen;
  try {
    await using connection = connect(await connectManager(cluster, { namespace, pod, container: name }));
    const ended = AbortSignal.any([signal, connection.lost]);
    const answer = connection.calls.shutdown({ force: true }, { timeoutMs: answerMs, signal: ended });
    const failure = await answer.then(() => undefined, (error: unknown) => ({ error }));
    // The cluster is asked whether it ended: a manager may end before its answer has arrived.
    const ending = await whyEnded(cluster, { namespace, pod, container: name });
    if (failure !== undefined && ending === undefined) throw failure.error;
    return { type: "cleanup.ended", time: now(), namespace, pod, name, node, image, rights };
  } catch (error) {
    const why = error instanceof ScopeError
      ? error
      : { message: "its manager does not answer", hint: "it ends by itself when it has been idle for 10 minutes" };
    const subject = `${podName({ metadata: { namespace, name: pod } })}:${name}`;
    return failed(subject, why);
  }
}
