import { realpathSync } from "node:fs";

/** Path of the checkout that contains these tests. */
export const CHECKOUT = realpathSync(`${import.meta.dirname}/../..`);

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function outcome(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args], env, stdin: "null" }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Runs a checkout's scripts/cluster, from a directory outside the checkout. */
export async function cluster(checkout: string, ...args: string[]): Promise<Outcome> {
  return await outcome("sh", ["-c", 'cd / && exec "$@"', "sh", `${checkout}/scripts/cluster`, ...args]);
}
