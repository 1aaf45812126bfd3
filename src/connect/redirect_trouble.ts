import { ScopeError } from "../errors.ts";
import type { Target } from "../target.ts";
import { targetName } from "../target.ts";

/** Returns the error for a pod with `hostNetwork`. */
export function hasNodeNetwork(pod: string, cause?: unknown): ScopeError {
  return new ScopeError("usage", `Cannot redirect pod "${pod}": it has the network of its node`, {
    cause,
    hint: "this would catch the traffic of the whole node; choose a pod with a network of its own",
  });
}

/** Translates a manager's error about redirecting into an error for users; undefined for all other errors. */
export function redirectTrouble(cause: unknown, target: Target): ScopeError | undefined {
  const { code, rawMessage = "" } = cause as { code?: number; rawMessage?: string };
  const pod = `${target.namespace}/${target.pod}`;
  switch (code) { // see the gRPC status codes
    case 5: // not found
      if (!rawMessage.includes("no port")) return undefined;
      return new ScopeError("notFound", `Cannot find a port to redirect: "${targetName(target)}" listens on none`, {
        cause,
        hint: "name the ports, as in: redir 8080",
      });
    case 6: // already exists
      return new ScopeError("denied", `Cannot redirect "${pod}": ${rawMessage}`, {
        cause,
        hint: "ask them to end it, or take it over with --takeover",
      });
    case 7: // permission denied
      return new ScopeError("denied", `Cannot redirect "${pod}": ${rawMessage}`, {
        cause,
        hint: "try another way with --via, or see scope doctor",
      });
    case 9: // failed precondition
      // With a cluster, assertRedirectable has checked it before; without one, only the manager detects it.
      if (rawMessage.includes("network of its node")) return hasNodeNetwork(pod, cause);
      return new ScopeError("unreachable", `Cannot redirect "${pod}": ${rawMessage}`, {
        cause,
        hint: "choose a pod on another node; scope ping and scope strace need none of that",
      });
    default:
      return undefined;
  }
}
