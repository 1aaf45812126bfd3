/**
 * Returns the directory for a user's files of one kind: below $XDG_… if set, else below the home directory. Undefined for users
 * without a home directory, such as service accounts. See the XDG Base Directory Specification.
 */
export function userDirectory(variable: "XDG_STATE_HOME" | "XDG_CACHE_HOME", belowHome: string): string | undefined {
  const given = Deno.env.get(variable), home = Deno.env.get("HOME");
  if (given?.startsWith("/")) return `${given}/scope`;
  try {
    if (home?.startsWith("/") && Deno.statSync(home).isDirectory) return `${home}/${belowHome}/scope`;
  } catch {
    // The home directory does not exist.
  }
  return undefined;
}
