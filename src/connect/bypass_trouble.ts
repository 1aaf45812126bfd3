import { ScopeError } from "../errors.ts";
import type { Target } from "../target.ts";

/** Translates a manager's error about bypassing a sidecar into an error for users; undefined for all other errors. */
export function bypassTrouble(cause: unknown, target: Target): ScopeError | undefined {
  const { code, rawMessage = "" } = cause as { code?: number; rawMessage?: string };
  const pod = `${target.namespace}/${target.pod}`;
  switch (code) { // see the gRPC status codes
    case 5: // not found
      if (!rawMessage.includes("Istio")) return undefined;
      return new ScopeError("notFound", `Cannot find a sidecar to bypass in "${pod}": ${rawMessage}`, {
        cause,
        hint: "its connections go out directly; scope shell iptables-save shows its rules",
      });
    case 7: // permission denied
      return new ScopeError("denied", `Cannot bypass the sidecar of "${pod}": ${rawMessage}`, {
        cause,
        hint: "try another way with --via, or see scope doctor",
      });
    case 9: // failed precondition
      return new ScopeError("unreachable", `Cannot bypass the sidecar of "${pod}": ${rawMessage}`, {
        cause,
        hint: rawMessage.includes("read here") ? "use --via node, which may read them" : "choose another pod",
      });
    case 13: // internal: nft's error message
      return new ScopeError("bug", `Cannot bypass the sidecar of "${pod}": ${rawMessage}`, { cause });
    default:
      return undefined;
  }
}
