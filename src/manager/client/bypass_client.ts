import { create } from "@bufbuild/protobuf";
import type { BypassCall } from "./bypass_plan.ts";
import type { Event } from "../../event.ts";
import { onAbort } from "../../lib/on_abort.ts";
import { now } from "../../lib/timed.ts";
import type { Target } from "../../target.ts";
import type { ManagerConnection } from "./connection.ts";
import { BypassRequestSchema } from "../protocol/gen/manager_pb.ts";
import type { BypassRequest } from "../protocol/gen/manager_pb.ts";

/** Time for the manager to end the bypass, in milliseconds; after that the kernel ends it. */
const endMs = 2000;

/**
 * Lets connections that a pod makes bypass its sidecar until the signal is aborted. Yields `bypass.traffic` with their number.
 *
 * Throws ScopeError if the bypass cannot start, and if the connection to the manager is lost.
 */
export async function* bypass(
  connection: ManagerConnection,
  target: Target,
  { plan, signal, owner }: BypassCall & { owner: string },
  translate: (error: unknown) => Promise<unknown>,
): AsyncIterable<Event> {
  const { namespace, pod, uid, container } = target, name = { namespace, pod }, left = new AbortController();
  const done = Promise.withResolvers<void>();
  let late: ReturnType<typeof setTimeout> | undefined;
  using _abort = onAbort(signal, () => {
    done.resolve();
    late = setTimeout(() => left.abort(), endMs);
  });
  const { mesh, ports } = plan;
  const requests = async function* (): AsyncIterable<BypassRequest> {
    const target = { podUid: uid, containerId: container.id };
    yield create(BypassRequestSchema, { target, ports: [...ports], owner });
    await done.promise; // the end of the stream ends the bypass
  };
  try {
    const until = AbortSignal.any([connection.lost, left.signal]);
    let reported = 0;
    for await (const { response } of connection.calls.bypass(requests(), { signal: until })) {
      if (response.case === "started") {
        const { sidecarPort, dns, kept } = response.value;
        yield { type: "bypass.started", time: now(), ...name, mesh, ports: [...ports], sidecarPort, dns, kept };
      } else if (response.case === "connections" && Number(response.value) !== reported) {
        reported = Number(response.value);
        yield { type: "bypass.traffic", time: now(), ...name, connections: reported };
      }
    }
    if (!signal.aborted) throw new Error("the bypass has ended");
  } catch (error) {
    if (!signal.aborted) throw await translate(error);
  } finally {
    clearTimeout(late);
    done.resolve();
    left.abort();
  }
}
