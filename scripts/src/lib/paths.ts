/** Root directory of the checkout. */
export const ROOT = Deno.realPathSync(`${import.meta.dirname}/../../..`);

/** Directory of everything that is built, in the checkout. */
export const DIST = `${ROOT}/dist`;

/** Returns the cache directory, which all checkouts share; scripts/lib.sh sets the variable. */
export function cacheDirectory(): string {
  return Deno.env.get("SCOPE_CACHE")!;
}
