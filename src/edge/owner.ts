/** Who runs this program, as user@host, for others to read. */
export function ownerHere(): string {
  const user = Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? Deno.env.get("USERNAME") ?? `uid-${Deno.uid()}`;
  return `${user}@${Deno.hostname()}`;
}
