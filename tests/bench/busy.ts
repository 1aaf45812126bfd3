/** Keeps all cores busy, as other programs of a laptop do, until disposed. */
export function keepBusy(): Disposable {
  const children = Array.from(
    { length: navigator.hardwareConcurrency },
    () => new Deno.Command("sh", { args: ["-c", "while :; do :; done"], stdin: "null" }).spawn(),
  );
  return {
    [Symbol.dispose]() {
      for (const child of children) child.kill("SIGKILL");
    },
  };
}
