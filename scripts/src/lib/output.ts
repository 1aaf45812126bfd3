/** Prints a line on stderr, for users. */
export function say(line: string): void {
  write(Deno.stderr, line);
}

/** Prints a line on stdout: a result of the script. */
export function print(line: string): void {
  write(Deno.stdout, line);
}

function write(to: { writeSync(bytes: Uint8Array): number }, line: string): void {
  // A pipe may take a part of a long text.
  for (let rest = new TextEncoder().encode(`${line}\n`); rest.length > 0;) rest = rest.subarray(to.writeSync(rest));
}
