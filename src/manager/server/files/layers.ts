/** A directory on the node that is a layer of a container's root. */
export interface Layer {
  directory: string;
  /** True for the container's own layer, to which it writes. */
  upper: boolean;
}

/**
 * Returns the layers of the overlay mounted at `/`, the topmost first, read from /proc/PID/mountinfo; undefined if the root
 * is not an overlay. See proc_pid_mountinfo(5), and overlayfs.rst of the kernel.
 */
export function rootLayers(mountinfo: string): Layer[] | undefined {
  const mounts = mountinfo.split("\n").map((line) => line.split(" ")).filter((fields) => fields[4] === "/");
  const fields = mounts.at(-1);
  if (fields === undefined) return undefined;
  const [type, , options = ""] = fields.slice(fields.indexOf("-") + 1);
  if (type !== "overlay") return undefined;
  const values = (key: string) =>
    options.split(",").filter((option) => option.startsWith(`${key}=`)).map((option) =>
      unescape(option.slice(key.length + 1))
    );
  const [upper] = values("upperdir");
  // Layers after a double colon contain only data for other layers, and no names.
  const lower = [...values("lowerdir").flatMap((list) => paths(list.split("::")[0] ?? "")), ...values("lowerdir+")];
  // Many layers do not fit into one page of mount options: the runtime then mounts from the directory of all layers, with
  // relative paths.
  const base = upper?.split("/").slice(0, -2).join("/");
  const absolute = lower.filter((path) => path !== "").map((path) =>
    path.startsWith("/") || base === undefined ? path : `${base}/${path}`
  );
  return [
    ...(upper === undefined ? [] : [{ directory: upper, upper: true }]),
    ...absolute.map((directory) => ({ directory, upper: false })),
  ];
}

/** Decodes spaces, commas and backslashes, which mountinfo escapes in octal. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}

/** Splits paths at colons; a colon in a path is escaped by a backslash. */
function paths(list: string): string[] {
  return [...list.matchAll(/(?:^|:)((?:\\.|[^:\\])*)/g)].map(([, path = ""]) => path.replaceAll(/\\(.)/g, "$1"));
}
