import { CONTROL_PLANE } from "./control_plane.ts";
import type { Kubectl } from "./kubectl.ts";
import { NODE_PROGRAMS, nodePid } from "./node.ts";
import { planCluster } from "./plan.ts";
import { children } from "./processes.ts";
import type { State } from "./state.ts";

/** A line of the status. */
export interface Part {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Returns the status of each part of the cluster. */
export async function inspect(state: State, kubectl: Kubectl | undefined): Promise<Part[]> {
  const processes = state.processes();
  const parts: Part[] = CONTROL_PLANE.map((name) => {
    const ok = state.running(name);
    return { name, ok, detail: ok ? `running, pid ${processes.get(name)?.pid}` : "not running" };
  });
  const ready = parts.every(({ ok }) => ok) ? await readyNodes(kubectl) : [];
  for (const { name } of planCluster(state.slot ?? 0).nodes) {
    const pid = nodePid(state, name);
    const running = pid === undefined ? [] : children(pid).map(programName);
    const missing = NODE_PROGRAMS.filter((program) => !running.includes(program));
    const words = [
      ready.includes(name) ? "Ready" : "not Ready",
      `pid ${pid}`,
      ...missing.map((m) => `${m} not running`),
    ];
    parts.push({
      name,
      ok: pid !== undefined && missing.length === 0 && ready.includes(name),
      detail: pid === undefined ? "not running" : words.join(", "),
    });
  }
  return parts;
}

async function readyNodes(kubectl: Kubectl | undefined): Promise<string[]> {
  const template = '{range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  const listing = await kubectl?.(["get", "nodes", "--request-timeout=5s", `--output=jsonpath=${template}`])
    .catch(() => "");
  return (listing ?? "").split("\n").filter((line) => line.endsWith("=True")).map((line) => line.replace("=True", ""));
}

function programName(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/comm`).trim();
  } catch {
    return "";
  }
}
