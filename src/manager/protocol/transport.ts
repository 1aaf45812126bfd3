/**
 * Flow-control window of a stream and of the connection, on both ends. With HTTP/2's default of 64 KiB a connection
 * through the API server carries a fortieth of what it can.
 */
export const windowBytes = 8 * 1024 * 1024;

/** Where the manager listens in its container: below /tmp, as it may be any user, or below what this variable says. */
export const scratchVariable = "SCOPE_SCRATCH", scratchDirectory = "/tmp/scope", socketName = "manager.sock";

/** How often a client says that it is alive, in milliseconds. */
export const beatMs = 1000;
