/**
 * Converts nanoseconds since 1970 to a Date, to the millisecond. Passing seconds as a fraction to Deno instead would lose a
 * millisecond when the fraction has no exact floating-point value, which is one time in eight.
 */
export function dateOf(nanoseconds: bigint): Date {
  return new Date(Number(nanoseconds / 1_000_000n));
}
