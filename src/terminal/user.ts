/** Returns `user@host` as known to this machine. */
export function userAtHost(): string {
  const user = Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? Deno.env.get("USERNAME") ?? `uid-${Deno.uid()}`;
  return `${user}@${Deno.hostname()}`;
}
