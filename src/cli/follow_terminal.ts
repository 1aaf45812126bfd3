import type { Renderer } from "../renderer.ts";
import { onResize, rawInput, readKeys, writeAll } from "../terminal/terminal.ts";

/** Passes keys and size changes on to a live renderer, until disposed. */
export async function followTerminal(renderer: Renderer): Promise<Disposable> {
  const { leave } = await import("../text/live_screen.ts");
  const ending = new DisposableStack();
  // Leave the alternate screen even if the process exits early.
  const onUnload = () => writeAll(Deno.stdout, new TextEncoder().encode(leave));
  addEventListener("unload", onUnload);
  ending.defer(() => removeEventListener("unload", onUnload));
  ending.use(onResize(() => renderer.resize?.()));
  if (!Deno.stdin.isTerminal()) return ending;
  ending.use(rawInput({ signals: true }));
  const input = Deno.stdin.readable.getReader();
  ending.defer(() => void input.cancel().catch(() => {}));
  const read = async () => {
    for (let next = await input.read(); !next.done; next = await input.read()) {
      for (const key of readKeys(new TextDecoder().decode(next.value))) renderer.key?.(key);
    }
  };
  read().catch(() => {});
  return ending;
}
