/** Service meshes whose sidecars can be gone around. */
export const meshes = ["istio"] as const;
export type Mesh = (typeof meshes)[number];

/** Which connections go around a sidecar. */
export interface BypassPlan {
  mesh: Mesh;
  /** Ports that they go to; none: all. */
  ports: readonly number[];
}

export interface BypassCall {
  plan: BypassPlan;
  signal: AbortSignal;
}
