/** Returns the path of a program in PATH, or undefined. */
export function which(name: string): string | undefined {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      if (Deno.statSync(`${directory}/${name}`).isFile) return `${directory}/${name}`;
    } catch {
      // not in this directory
    }
  }
  return undefined;
}
