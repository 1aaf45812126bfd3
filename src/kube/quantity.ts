const units: Readonly<Record<string, number>> = {
  ...{ m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** Parses a Kubernetes quantity to its base unit: `160Mi`, `1e9`, `128974848000m`, `20m`. Invalid text counts as 0. */
export function quantityOf(quantity: string): number {
  const [, number, unit = ""] = /^\+?([\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(quantity) ?? [];
  return Number(number ?? 0) * (units[unit] ?? 0);
}
