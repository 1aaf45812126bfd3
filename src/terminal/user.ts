/** `user@host`, as this machine says. */
export function userAtHost(): string {
  const user = Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? Deno.env.get("USERNAME") ?? `uid-${Deno.uid()}`;
  return `${user}@${Deno.hostname()}`;
}
