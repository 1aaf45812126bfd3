import type { Renderer } from "../renderer.ts";
import { onResize, rawInput, readKeys, writeAll } from "../terminal/terminal.ts";
import { userProcess } from "../terminal/user_process.ts";

/** Passes keys and size changes on to a live renderer, until disposed. */
export async function followTerminal(renderer: Renderer): Promise<Disposable> {
  const { leave } = await import("../text/live_screen.ts");
  const ending = new DisposableStack();
  // Leave the alternate screen even if the process exits early.
  ending.use(userProcess().onExit(() => writeAll(userProcess().stdout, new TextEncoder().encode(leave))));
  ending.use(onResize(() => renderer.resize?.()));
  if (!userProcess().stdin.isTerminal()) return ending;
  ending.use(rawInput({ signals: true }));
  const input = userProcess().stdin.readable.getReader();
  ending.defer(() => void input.cancel().catch(() => {}));
  const read = async () => {
    for (let next = await input.read(); !next.done; next = await input.read()) {
      for (const key of readKeys(new TextDecoder().decode(next.value))) renderer.key?.(key);
    }
  };
  read().catch(() => {});
  return ending;
}
