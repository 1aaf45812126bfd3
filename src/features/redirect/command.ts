import type { Command } from "../../command.ts";
import { ScopeError } from "../../errors.ts";
import { targetQuery } from "../../options.ts";
import type { RawOptions } from "../../options.ts";
import type { RedirectAsked } from "../../manager/client/redirect_plan.ts";
import { numberedPorts, parsePorts } from "./redirect_ports.ts";
import { RedirTally } from "./redir_tally.ts";
import { summedUp } from "../../runs/summed_up.ts";

export const redir: Command = {
  name: "redir",
  aliases: ["redirect"],
  summary: "Redirect connections of pods to this machine",
  arguments: "[port[:localport]...]",
  argumentValues: ["port"],
  options: [
    {
      flags: "-t, --target <container>",
      description: "container whose ports are meant where none is named",
      values: "container",
    },
    { flags: "--outgoing", description: "the connections that the pod's processes make to these ports" },
    { flags: "--to <host>", description: "where they go instead of localhost" },
    { flags: "--mirror", description: "the pod goes on answering; this machine gets a copy of what is sent to it" },
    { flags: "--takeover", description: "take ports that somebody else redirects" },
    { flags: "--cut", description: "end connections to these ports that are open already" },
    {
      flags: "--probes <who>",
      description: "who answers the kubelet's probes of these ports: pod or laptop (default: pod)",
      values: ["pod", "laptop"],
    },
    { flags: "--raw", description: "under a service mesh: what comes to the sidecar, not what it passes on" },
  ],
  needs: { capabilities: ["NET_ADMIN"] },
  asks: ["targets", "way"],
  examples: [
    ["scope -p web redir 8080", "what comes to port 8080 of all pods of web goes to localhost:8080"],
    ["scope -p web redir 8080:8089", "the same, to localhost:8089"],
    ["scope -p svc/web redir http 9090-9099", "ports by the names of the service or the pod, and a range"],
    ["scope -p web redir", "all ports that the pods listen on"],
    ["scope -l app=web redir --outgoing 5432", "their database connections go to localhost:5432"],
  ],
  async run(context, options, args) {
    const { target, plan } = planOf(options, args);
    const query = targetQuery(context.options);
    const events = context.redirect(target === undefined ? query : { ...query, container: target }, plan);
    return await context.show(summedUp(events, new RedirTally()), "live");
  },
};

function planOf(options: RawOptions, args: readonly string[]): { target?: string; plan: RedirectAsked } {
  const { outgoing = false, to, mirror = false, takeover = false, cut = false, raw = false, probes = "pod" } = options;
  const direction = outgoing === true ? "outgoing" : "incoming";
  const ports = parsePorts(args, direction);
  if (probes !== "pod" && probes !== "laptop") {
    throw new ScopeError("usage", `Option --probes cannot be "${probes}"`, { hint: "it is pod or laptop" });
  }
  const target = typeof options.target === "string" ? options.target : undefined;
  return {
    ...(target === undefined ? {} : { target }),
    plan: {
      incoming: direction === "outgoing" ? [] : ports.length === 0 ? "all" : ports,
      outgoing: direction === "outgoing"
        ? numberedPorts(ports, "connections that a pod makes have no port with a name")
        : [],
      to: typeof to === "string" ? to : "localhost",
      ownContainer: target !== undefined,
      mirror: mirror === true,
      takeover: takeover === true,
      cut: cut === true,
      raw: raw === true,
      probes,
    },
  };
}
