/** Returns the lines of an output; the last one may have no end. */
export function linesOf(output: string): string[] {
  const lines = output.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Returns the lines of an output, each after the name of its stream. */
export function tagged(stream: "stdout" | "stderr", output: string): string[] {
  return linesOf(output).map((line) => `${stream}|${line}`);
}

/** Writes a capture: the command line, tagged lines, and the exit code. */
export function writeCapture(file: string, command: string, lines: readonly string[], code: number): void {
  writeBytes(file, [`# ${command}`, ...lines, `exit|${code}`].map((line) => `${line}\n`).join(""));
}

/** Writes a text with a character for each byte. */
export function writeBytes(file: string, text: string): void {
  Deno.writeFileSync(file, Uint8Array.from(text, (character) => character.charCodeAt(0)));
}
