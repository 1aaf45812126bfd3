import { execa } from "execa";
import process from "node:process";
import { failing } from "../lib/errors.ts";
import { interrupted } from "../lib/interrupt.ts";

/** Runs a program whose progress users see: all of its output goes to stderr, which may be a terminal. */
export async function runVisibly([program = "", ...args]: readonly string[], failure: string): Promise<void> {
  const streams = { stdin: "ignore", stdout: process.stderr, stderr: "inherit" } as const;
  await execa(program, args, { ...streams, cancelSignal: interrupted }).catch(failing(failure));
}
