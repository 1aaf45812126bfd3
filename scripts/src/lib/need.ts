import { installDebian } from "../../../tests/cluster/packages.ts";
import { Progress } from "../../../tests/cluster/progress.ts";
import { which } from "../../../tests/programs/which.ts";
import { ScriptError } from "./errors.ts";
import { interrupted } from "./interrupt.ts";

/** Installs these Debian packages when a program that they contain is missing. */
export async function need(program: string, ...packages: readonly string[]): Promise<void> {
  if (which(program) !== undefined) return;
  const message = `Cannot find the program "${program}"`;
  if (which("apt-get") === undefined) throw new ScriptError(message, "install it, then run this again");
  if (Deno.uid() !== 0) throw new ScriptError(message, `as root: apt-get install ${packages.join(" ")}`);
  using progress = new Progress();
  await installDebian(packages, progress, interrupted);
}
