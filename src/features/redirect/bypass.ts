import { ScopeError } from "../../errors.ts";
import type { BypassStarted, BypassSummary } from "../../event.ts";
import { type Mesh, meshes } from "../../manager/client/bypass_plan.ts";
import type { Needs } from "../../way.ts";

/** Requirements of a bypass on the way to the target. */
export const bypassNeeds = { capabilities: ["NET_ADMIN"], ownNetwork: true } as const satisfies Needs;

/** Parses the name of a mesh. Throws ScopeError (usage). */
export function parseMesh(text: string | undefined): Mesh {
  const mesh = meshes.find((mesh) => mesh === text);
  if (mesh !== undefined) return mesh;
  const possible = `it can be ${meshes.join(", ")}`;
  if (text === undefined) throw new ScopeError("usage", "No mesh specified", { hint: possible });
  throw new ScopeError("usage", `Cannot bypass "${text}"`, { hint: possible });
}

/**
 * Parses the ports of `--port`.
 *
 * Throws ScopeError (usage).
 */
export function parseBypassPorts(texts: readonly string[]): number[] {
  const ports = texts.map((text) => {
    if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535) return Number(text);
    throw new ScopeError("usage", `Option --port cannot be "${text}"`, { hint: "it is a number from 1 to 65535" });
  });
  return [...new Set(ports)];
}

/** Returns the text for a started bypass, without its end. */
export function bypassStartedText({ ports, sidecarPort, dns }: BypassStarted): string {
  const to = ports.length === 0 ? "" : ` to port ${ports.join(", ")}`;
  return `new outgoing connections${to}${
    dns ? " and DNS queries" : ""
  } go around Istio's sidecar (port ${sidecarPort})`;
}

/** Returns the text for connections that were open before; undefined without any. */
export function bypassKeptText(kept: number): string | undefined {
  if (kept === 0) return undefined;
  return kept === 1
    ? "1 connection that was open before goes on through the sidecar"
    : `${kept} connections that were open before go on through the sidecar`;
}

export function bypassSummaryText({ connections, durationMs }: BypassSummary): string {
  const seconds = (durationMs / 1000).toFixed(1), what = connections === 1 ? "connection" : "connections";
  return `${connections} ${what} went around the sidecar in ${seconds} s; new ones go through it again`;
}
