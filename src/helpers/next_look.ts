/** So often it is looked whether a name was resolved, in milliseconds: that is told by no descriptor to wait for. */
const resolvingMs = 10;

/**
 * When something is to be done next, in milliseconds of performance.now(): a ping, giving an attempt up, or beginning with
 * a host whose name is still being resolved.
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
