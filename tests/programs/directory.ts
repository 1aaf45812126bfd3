/** Directories of programs in Debian's packages. On a merged system /bin and /sbin are symlinks to those in /usr. */
const DIRECTORIES = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin"];

/**
 * Returns name → path of the programs in PATH's usual directories that belong to one of these files, also through symlinks
 * (/etc/alternatives).
 */
export function programsOf(files: ReadonlySet<string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const directory of DIRECTORIES) {
    for (const { name } of entries(directory)) {
      const path = `${directory}/${name}`;
      if (!found.has(name) && (files.has(merged(path)) || files.has(merged(realPath(path))))) found.set(name, path);
    }
  }
  return found;
}

/** Returns a path as on a merged system: packages may still list /bin/sh. */
export function merged(path: string): string {
  return path.replace(/^\/(bin|sbin)\//, "/usr/$1/");
}

/** Makes a directory with a symlink to each program, in place of its former content. */
export function fillDirectory(directory: string, programs: ReadonlyMap<string, string>): void {
  Deno.mkdirSync(directory, { recursive: true });
  for (const { name } of entries(directory)) Deno.removeSync(`${directory}/${name}`);
  for (const [name, path] of programs) Deno.symlinkSync(path, `${directory}/${name}`);
}

function entries(directory: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(directory)];
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return [];
  }
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path; // a dangling symlink
  }
}
