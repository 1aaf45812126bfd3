/**
 * Flow-control window of a stream and of the connection, on both ends, in bytes. With HTTP/2's default of 64 KiB, a
 * connection through the API server reaches a fortieth of its throughput.
 */
export const windowBytes = 8 * 1024 * 1024;

/** Socket of the manager in its container: below /tmp, as the manager may run as any user, or below the variable's value. */
export const scratchVariable = "SCOPE_SCRATCH", scratchDirectory = "/tmp/scope", socketName = "manager.sock";

/** Interval between a client's PINGs, in milliseconds. */
export const pingIntervalMs = 1000;

/** The same of a client that waits for its first call, see InfoRequest. */
export const waitingPingIntervalMs = 30_000;
