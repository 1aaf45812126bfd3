import { defineCommand, flag, parsed, text } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import type { RequestedRedirect } from "../../manager/client/redirect_plan.ts";
import { numberedPorts, parsePorts } from "./redirect_ports.ts";

export interface RedirCommandPlan {
  /** Container whose ports are meant. */
  container: string | undefined;
  requested: RequestedRedirect;
}

const probes = ["pod", "local"] as const;

export const redir = defineCommand({
  name: "redir",
  aliases: ["redirect"],
  summary: "Redirect connections of pods to this machine",
  arguments: "[port[:localport]...]",
  argumentValues: ["port"],
  options: {
    target: text("-t, --target <container>", "container whose ports are meant where none is named", {
      values: "container",
    }),
    outgoing: flag("--outgoing", "the connections that the pod's processes make to these ports"),
    to: text("--to <host>", "where they go instead of localhost"),
    mirror: flag("--mirror", "the pod goes on answering; this machine gets a copy of what is sent to it"),
    takeover: flag("--takeover", "take ports that somebody else redirects"),
    cut: flag("--cut", "end connections to these ports that are open already"),
    probes: parsed(
      "--probes <who>",
      "who answers the kubelet's probes of these ports: pod or local (default: pod)",
      whoAnswers,
      { values: probes },
    ),
    raw: flag("--raw", "under a service mesh: what comes to the sidecar, not what it passes on"),
  },
  needs: { capabilities: ["NET_ADMIN"] },
  permissions: ["targets", "way"],
  examples: [
    ["scope -p web redir 8080", "what comes to port 8080 of all pods of web goes to localhost:8080"],
    ["scope -p web redir 8080:8089", "the same, to localhost:8089"],
    ["scope -p svc/web redir http 9090-9099", "ports by the names of the service or the pod, and a range"],
    ["scope -p web redir", "all ports that the pods listen on"],
    ["scope -l app=web redir --outgoing 5432", "their database connections go to localhost:5432"],
  ],
  plan({ target, outgoing, to = "localhost", probes = "pod", ...how }, args): RedirCommandPlan {
    const ports = parsePorts(args, outgoing ? "outgoing" : "incoming");
    return {
      container: target,
      requested: {
        incoming: outgoing ? [] : ports.length === 0 ? "all" : ports,
        outgoing: outgoing ? numberedPorts(ports, "connections that a pod makes have no port with a name") : [],
        to,
        ownContainer: target !== undefined,
        probes,
        ...how,
      },
    };
  },
  load: () => import("./run.ts"),
});

function whoAnswers(option: string, text: string): (typeof probes)[number] {
  const found = probes.find((one) => one === text);
  if (found !== undefined) return found;
  throw new ScopeError("usage", `Option --${option} cannot be "${text}"`, { hint: `it is ${probes.join(" or ")}` });
}
