/** Time between checks for a resolved name, in milliseconds: there is no descriptor to wait for. */
const resolvingMs = 10;

/**
 * Returns the time of the next action, in milliseconds of performance.now(): a ping, the timeout of an attempt, or a check
 * of a host whose name is still being resolved.
 */
export function nextLook(
  now: number,
  hosts: readonly { address?: unknown; due: number; done: boolean }[],
  attempts: readonly { begun: number }[],
  timeoutMs: number,
): number {
  const dues = hosts.filter(({ done }) => !done).map(({ address, due }) =>
    address === undefined ? now + resolvingMs : due
  );
  return Math.min(...dues, ...attempts.map(({ begun }) => begun + timeoutMs));
}
