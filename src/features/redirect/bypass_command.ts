import { defineCommand, list } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import type { BypassPlan } from "../../manager/client/bypass_plan.ts";
import { bypassNeeds, parseBypassPorts, parseMesh } from "./bypass.ts";

export interface BypassCommandPlan {
  plan: BypassPlan;
  /** Command to run next to the target meanwhile; if empty, the bypass lasts until it is interrupted. */
  command: readonly string[];
}

export const bypass = defineCommand({
  name: "bypass",
  summary: "Let a pod's outgoing connections go around its Istio sidecar while this runs",
  arguments: "[mesh] [command...]",
  argumentValues: [["istio"], []],
  options: {
    port: list("--port <port>", "only connections to this port; may be given several times (default: to any)"),
  },
  needs: bypassNeeds,
  examples: [
    ["scope -n shop -p web bypass istio", "until Ctrl-C, for the app and for whoever is beside it"],
    ["scope -n shop -p web bypass istio -- curl -s http://example.com", "while one of the endoscope's tools runs"],
    ["scope -n shop -p web bypass istio --port 443", "new connections to port 443 only"],
  ],
  plan({ port }, [mesh, ...command]): BypassCommandPlan {
    const plan = { mesh: parseMesh(mesh), ports: parseBypassPorts(port) };
    if (/^\d+$/.test(command[0] ?? "")) {
      throw new ScopeError("usage", `Cannot run "${command[0]}": it is a number`, {
        hint: `--port ${command[0]} limits the bypass to a port; a command comes after --`,
      });
    }
    return { plan, command };
  },
  load: () => import("./run_bypass.ts"),
});
