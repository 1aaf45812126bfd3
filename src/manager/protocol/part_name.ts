/** The longest name that Linux file systems take, in bytes. */
const longest = 255;
const end = ".scope-part";

/** Returns the name of a file's partial file. Names that become too long are cut; `lengthOf` returns a name's length in bytes. */
export function partName(name: string, lengthOf: (name: string) => number = (name) => name.length): string {
  let kept = name;
  while (lengthOf(kept) + end.length + 1 > longest) kept = [...kept].slice(0, -1).join("");
  return `.${kept}${end}`;
}

/** True for the name of a partial file, which an interrupted copy left behind. Copies of directories leave such files out. */
export function isPart(name: string): boolean {
  return name.startsWith(".") && name.endsWith(end);
}
