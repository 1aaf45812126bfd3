import type { ToolOutput } from "../../src/tool.ts";

export interface Captured {
  command: string;
  /** Placeholder of the traced process in captures of strace. */
  pid: number;
  outputs: ToolOutput[];
}

/** A file that one of the scripts/capture-* wrote. */
export function captured(path: string): Captured {
  const text = Deno.readTextFileSync(new URL(`../testdata/${path}.txt`, import.meta.url));
  const [first = "", ...lines] = text.trimEnd().split("\n");
  let pid = 0;
  const outputs = lines.flatMap((text): ToolOutput[] => {
    const [kind, line] = [text.slice(0, text.indexOf("|")), text.slice(text.indexOf("|") + 1)];
    if (kind === "exit") return [{ exit: { code: Number(line) } }];
    if (kind !== "pid") {
      return [{ stream: kind === "stderr" ? "stderr" : "stdout", line, time: "2026-01-01T00:00:00.000Z" }];
    }
    pid = Number(line);
    return [];
  });
  // The streams were captured apart: what strace says when it attaches comes first.
  const early = outputs.filter((output) => "line" in output && / attached/.test(output.line));
  return { command: first.slice(2), pid, outputs: [...early, ...outputs.filter((output) => !early.includes(output))] };
}
