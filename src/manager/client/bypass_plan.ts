/** Service meshes whose sidecars can be bypassed. */
export const meshes = ["istio"] as const;
export type Mesh = (typeof meshes)[number];

/** Connections that bypass a sidecar. */
export interface BypassPlan {
  mesh: Mesh;
  /** Destination ports; empty: all. */
  ports: readonly number[];
}

export interface BypassCall {
  plan: BypassPlan;
  signal: AbortSignal;
}
