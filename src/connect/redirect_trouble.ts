import { ScopeError } from "../errors.ts";
import { refusalOf } from "../manager/client/refusals.ts";
import type { Target } from "../target.ts";
import { targetName } from "../target.ts";

/** Returns the error for a pod with `hostNetwork`. */
export function hasNodeNetwork(pod: string, cause?: unknown): ScopeError {
  return new ScopeError("usage", `Cannot redirect pod "${pod}": it has the network of its node`, {
    cause,
    hint: "this would catch the traffic of the whole node; choose a pod with a network of its own",
  });
}

/** Translates a manager's refusal to redirect into an error for users; undefined for all other errors. */
export function redirectTrouble(cause: unknown, target: Target): ScopeError | undefined {
  const refusal = refusalOf(cause), pod = `${target.namespace}/${target.pod}`;
  const message = `Cannot redirect "${pod}": ${refusal?.message}`;
  switch (refusal?.reason) {
    case "NO_PORT":
      return new ScopeError("notFound", `Cannot find a port to redirect: "${targetName(target)}" listens on none`, {
        cause,
        hint: "name the ports, as in: redir 8080",
      });
    case "PORT_TAKEN":
      return new ScopeError("denied", message, { cause, hint: "ask them to end it, or take it over with --takeover" });
    case "NO_NET_ADMIN":
      return new ScopeError("denied", message, { cause, hint: "try another way with --via, or see scope doctor" });
    case "NODE_NETWORK":
      // With a cluster, assertRedirectable has checked it before; without one, only the manager detects it.
      return hasNodeNetwork(pod, cause);
    case "NO_NF_TABLES":
      return new ScopeError("unreachable", message, {
        cause,
        hint: "choose a pod on another node; scope ping and scope strace need none of that",
      });
    case "NFT_FAILED":
      return new ScopeError("bug", message, { cause });
    default:
      return undefined;
  }
}
