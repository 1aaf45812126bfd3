import { ScopeError } from "../errors.ts";
import { refusalOf } from "../manager/client/refusals.ts";
import type { Target } from "../target.ts";

/** Translates a manager's refusal to bypass a sidecar into an error for users; undefined for all other errors. */
export function bypassTrouble(cause: unknown, target: Target): ScopeError | undefined {
  const refusal = refusalOf(cause), pod = `${target.namespace}/${target.pod}`;
  const message = `Cannot bypass the sidecar of "${pod}": ${refusal?.message}`;
  switch (refusal?.reason) {
    case "NO_SIDECAR":
      return new ScopeError("notFound", `Cannot find a sidecar to bypass in "${pod}": ${refusal.message}`, {
        cause,
        hint: "its connections go out directly; scope shell iptables-save shows its rules",
      });
    case "NO_NET_ADMIN":
      return new ScopeError("denied", message, { cause, hint: "try another way with --via, or see scope doctor" });
    case "RULES_UNREADABLE":
      return new ScopeError("unreachable", message, { cause, hint: "use --via node, which may read them" });
    case "NODE_NETWORK":
    case "NO_NF_TABLES":
      return new ScopeError("unreachable", message, { cause, hint: "choose another pod" });
    case "NFT_FAILED":
      return new ScopeError("bug", message, { cause });
    default:
      return undefined;
  }
}
