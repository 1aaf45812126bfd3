/** Path of a program in PATH; undefined where there is none. */
export function which(name: string): string | undefined {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      if (Deno.statSync(`${directory}/${name}`).isFile) return `${directory}/${name}`;
    } catch {
      // not in this one
    }
  }
  return undefined;
}
