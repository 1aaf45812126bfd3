const controller = new AbortController();

/** Aborted when a signal asks the script to end; the reason is the exit code. */
export const interrupted: AbortSignal = controller.signal;

/** Makes signals abort `interrupted`: started programs end first, and temporary files are removed. */
export function handleSignals(): void {
  for (const [name, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    Deno.addSignalListener(name, () => controller.abort(code));
  }
}
