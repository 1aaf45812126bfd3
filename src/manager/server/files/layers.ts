/** A directory on the node of which a container's root is made. */
export interface Layer {
  directory: string;
  /** The container's own, into which it writes. */
  upper: boolean;
}

/**
 * The layers of the overlay that is mounted at `/`, the topmost first, read from /proc/PID/mountinfo; nothing where it is
 * no overlay. See proc_pid_mountinfo(5), and overlayfs.rst of the kernel.
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
  // What follows a double colon has data for other layers only, and no names.
  const lower = [...values("lowerdir").flatMap((list) => paths(list.split("::")[0] ?? "")), ...values("lowerdir+")];
  // Many layers do not fit into one page of options: the runtime changes to the directory that has all of them.
  const base = upper?.split("/").slice(0, -2).join("/");
  const absolute = lower.filter((path) => path !== "").map((path) =>
    path.startsWith("/") || base === undefined ? path : `${base}/${path}`
  );
  return [
    ...(upper === undefined ? [] : [{ directory: upper, upper: true }]),
    ...absolute.map((directory) => ({ directory, upper: false })),
  ];
}

/** Blanks, commas and backslashes are octal numbers there. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}

/** Paths between colons; a colon in a path has a backslash before it. */
function paths(list: string): string[] {
  return [...list.matchAll(/(?:^|:)((?:\\.|[^:\\])*)/g)].map(([, path = ""]) => path.replaceAll(/\\(.)/g, "$1"));
}
