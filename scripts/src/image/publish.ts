import { dirname } from "node:path";
import { failing } from "../lib/errors.ts";
import { textOf } from "../lib/files.ts";
import { say } from "../lib/output.ts";
import type { Builder } from "./builder.ts";
import type { Image } from "./image.ts";

/** Publishes the image under another name, and makes scope use it. */
export async function publish({ name, archive }: Image, builder: Builder, reference: string): Promise<void> {
  say(`publishing ${reference}`);
  const hint = "is its registry reachable, and are you logged in there, with docker, podman or buildah?";
  await builder.push(name, archive, reference).catch(failing(`Cannot publish the image as "${reference}"`, hint));
  const file = `${Deno.env.get("XDG_CONFIG_HOME") || `${Deno.env.get("HOME")}/.config`}/scope/env`;
  Deno.mkdirSync(dirname(file), { recursive: true });
  // Written in place to keep a symlink and the mode: users may keep such files elsewhere.
  Deno.writeTextFileSync(file, withImage(textOf(file) ?? "", reference));
  say(`scope uses it from now on: SCOPE_IMAGE is set in ${file}`);
  const set = Deno.env.get("SCOPE_IMAGE");
  if (set) say(`but the environment has SCOPE_IMAGE=${set}, which counts more`);
}

/** Sets SCOPE_IMAGE in the text of a file of variables. */
export function withImage(variables: string, reference: string): string {
  const others = variables.split("\n").filter((line) => !line.startsWith("SCOPE_IMAGE=")).join("\n").trimEnd();
  return `${others === "" ? "" : `${others}\n`}SCOPE_IMAGE=${reference}\n`;
}
