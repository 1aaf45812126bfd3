/** The longest name that Linux file systems take, in bytes. */
const longest = 255;
const end = ".scope-part";

/** What a file is called until it is whole. Names that are too long with that are cut; `bytes` is the name's length. */
export function partName(name: string, lengthOf: (name: string) => number = (name) => name.length): string {
  let kept = name;
  while (lengthOf(kept) + end.length + 1 > longest) kept = [...kept].slice(0, -1).join("");
  return `.${kept}${end}`;
}

/** True for the name of what a copy that was broken off left: a file of that name is no part of a directory's copy. */
export function isPart(name: string): boolean {
  return name.startsWith(".") && name.endsWith(end);
}
