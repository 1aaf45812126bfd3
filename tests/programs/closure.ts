/** An installed Debian package, with its dependencies and whether every Debian system has it. */
export interface Installed {
  readonly name: string;
  readonly essential: boolean;
  /** Alternatives of each dependency: any of them is enough. */
  readonly depends: readonly (readonly string[])[];
  /** Virtual packages that it provides. */
  readonly provides: readonly string[];
}

/** Format of `dpkg-query -W -f` that `parseInstalled` reads: one line per package. */
export const LISTING = "${db:Status-Abbrev}\\t${Package}\\t${Essential}\\t${Pre-Depends}\\t${Depends}\\t${Provides}\\n";

/** Parses the listing of packages, without those not installed (deb-control(5) has the grammar of the fields). */
export function parseInstalled(listing: string): Installed[] {
  return listing.split("\n").flatMap((line) => {
    const [status = "", name = "", essential, preDepends = "", depends = "", provides = ""] = line.split("\t");
    if (!status.startsWith("ii")) return [];
    return [{
      name,
      essential: essential === "yes",
      depends: [...relations(preDepends), ...relations(depends)],
      provides: relations(provides).flat(),
    }];
  });
}

/** Returns the names in "a (>= 1), b:any | c": for each relation its alternatives, without versions and architectures. */
function relations(field: string): string[][] {
  return field.split(",").filter((relation) => relation.trim() !== "").map((relation) =>
    relation.split("|").map((one) => one.trim().replace(/[\s:(].*$/, ""))
  );
}

/** Returns the names of the wanted packages, the essential ones, and all their dependencies. */
export function closureOf(installed: readonly Installed[], wanted: readonly string[]): string[] {
  const byName = new Map<string, Installed[]>();
  for (const one of installed) {
    for (const name of [one.name, ...one.provides]) byName.set(name, [...byName.get(name) ?? [], one]);
  }
  const found = new Set<string>();
  const open = [...wanted, ...installed.filter(({ essential }) => essential).map(({ name }) => name)];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const one of byName.get(name) ?? []) {
      if (found.has(one.name)) continue;
      found.add(one.name);
      open.push(...one.depends.flat());
    }
  }
  return [...found].toSorted();
}
