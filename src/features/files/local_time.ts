/**
 * A time in nanoseconds since 1970 as this machine keeps it, to the millisecond. A Date, as of seconds with a fraction Deno
 * cuts off a millisecond where they are no exact number: one time of eight.
 */
export function dateOf(nanoseconds: bigint): Date {
  return new Date(Number(nanoseconds / 1_000_000n));
}
