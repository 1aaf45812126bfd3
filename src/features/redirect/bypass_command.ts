import {
  bypassKeptText,
  bypassNeeds,
  bypassStartedText,
  bypassSummaryText,
  parseBypassPorts,
  parseMesh,
} from "./bypass.ts";
import type { BypassPlan } from "../../manager/client/bypass_plan.ts";
import { BypassTally } from "./bypass_tally.ts";
import { summedUp } from "../../runs/summed_up.ts";
import type { Command } from "../../command.ts";
import type { Beside, Context } from "../../context.ts";
import { ScopeError } from "../../errors.ts";
import { targetQuery } from "../../options.ts";
import { sessionProgram } from "../../runs/session.ts";
import { shellNeeds } from "../../runs/shell_needs.ts";

export const bypass: Command = {
  name: "bypass",
  summary: "Let a pod's outgoing connections go around its Istio sidecar while this runs",
  arguments: "[mesh] [command...]",
  argumentValues: [["istio"], []],
  options: [
    {
      flags: "--port <port>",
      description: "only connections to this port; may be given several times (default: to any)",
      repeatable: true,
    },
  ],
  needs: bypassNeeds,
  examples: [
    ["scope -n shop -p web bypass istio", "until Ctrl-C, for the app and for whoever is beside it"],
    ["scope -n shop -p web bypass istio -- curl -s http://example.com", "while one of the endoscope's tools runs"],
    ["scope -n shop -p web bypass istio --port 443", "new connections to port 443 only"],
  ],
  async run(context, options, [mesh, ...command]) {
    const ports = Array.isArray(options.port) ? options.port as string[] : [];
    const plan: BypassPlan = { mesh: parseMesh(mesh), ports: parseBypassPorts(ports) };
    const query = targetQuery(context.options);
    if (command.length === 0) return await context.show(summedUp(context.bypass(query, plan), new BypassTally()));
    if (/^\d+$/.test(command[0]!)) {
      throw new ScopeError("usage", `Cannot run "${command[0]}": it is a number`, {
        hint: `--port ${command[0]} limits the bypass to a port; a command comes after --`,
      });
    }
    const { files, ...needs } = shellNeeds(command);
    const capabilities = [...new Set([...bypassNeeds.capabilities, ...needs.capabilities ?? []])];
    await using beside = await context.enter(query, {
      ...needs,
      ...bypassNeeds,
      capabilities,
      // What it can do without would only be one more right.
      ...(files === true ? { files } : {}),
    });
    const code = await whileBypassed(
      context,
      beside,
      plan,
      () =>
        context.attach(beside.run({ ...sessionProgram(context, command), namespaces: ["net", "pid", "uts", "ipc"] })),
    );
    if (beside.lost.aborted) throw beside.lost.reason;
    return code;
  },
};

/** Does something while the sidecar is out of the way. What is told about that goes to stderr. Throws ScopeError. */
async function whileBypassed(
  context: Pick<Context, "say" | "signal">,
  beside: Beside,
  plan: BypassPlan,
  body: () => Promise<number>,
): Promise<number> {
  const done = new AbortController(), begun = Promise.withResolvers<void>();
  const hold = async () => {
    for await (const event of summedUp(beside.bypass({ plan, signal: done.signal }), new BypassTally())) {
      if (event.type === "bypass.started") {
        const texts = [`${bypassStartedText(event)} while the command runs`, bypassKeptText(event.kept)];
        for (const text of texts) if (text !== undefined) context.say(text);
        begun.resolve();
      } else if (event.type === "bypass.summary") context.say(bypassSummaryText(event));
    }
  };
  const held = hold();
  // Before it is told to end, it only ends because it failed.
  const failed = held.then(() => Promise.reject(new Error("the bypass has ended")));
  failed.catch(() => {});
  const interrupt = () => done.abort();
  context.signal.addEventListener("abort", interrupt, { once: true });
  if (context.signal.aborted) interrupt();
  try {
    await Promise.race([begun.promise, failed]);
    context.signal.removeEventListener("abort", interrupt); // from here on the command hears of it
    return await Promise.race([body(), failed]);
  } finally {
    context.signal.removeEventListener("abort", interrupt);
    done.abort();
    await held.catch(() => {});
  }
}
