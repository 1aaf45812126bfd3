import { ScriptError } from "../lib/errors.ts";
import { textOf } from "../lib/files.ts";

const DEB822 = "/etc/apt/sources.list.d/debian.sources";
const ONE_LINE = "/etc/apt/sources.list";

/** Returns this machine's package sources, changed to trixie, in either format of sources.list(5). */
export function trixieSources(): string {
  const deb822 = textOf(DEB822);
  if (deb822 !== undefined) return trixieDeb822(deb822);
  const lines = trixieLines(textOf(ONE_LINE) ?? "");
  if (lines !== "") return lines;
  throw new ScriptError(
    `Cannot find Debian's package sources in ${DEB822} or ${ONE_LINE}`,
    "give --pull to fetch the base images instead, or use docker or podman",
  );
}

/** Changes the suites of sources in the format deb822 to trixie. */
export function trixieDeb822(text: string): string {
  const toTrixie = (line: string) => line.replaceAll(/[a-z]+(-[a-z]+)?( |$)/g, "trixie$1$2");
  return text.replaceAll(/^Suites:.*$/gm, toTrixie);
}

/** Changes the suites of `deb` lines to trixie, and leaves out all other lines. */
export function trixieLines(text: string): string {
  const lines = text.split("\n").filter((line) => line.startsWith("deb ")).map((line) =>
    line
      // Releases before bookworm use "CODENAME/updates" instead of "CODENAME-security".
      .replace(/^(deb (\[[^\]]*\] )?[^ ]+ )[a-z]+\/updates /, "$1trixie-security ")
      .replace(/^(deb (\[[^\]]*\] )?[^ ]+ )[a-z]+(-[a-z-]+)? /, "$1trixie$3 ")
  );
  return lines.map((line) => `${line}\n`).join("");
}
