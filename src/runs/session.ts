import type { Context } from "../context.ts";
import type { RunOptions } from "../tool.ts";

/**
 * Returns the program of an interactive session: the command, or a shell whose prompt says where it is. The program gets
 * a terminal if scope has one.
 */
export function sessionProgram(
  { interactive, terminalType, windowSize }: Pick<Context, "interactive" | "terminalType" | "windowSize">,
  command: readonly string[],
): Pick<RunOptions, "argv" | "env" | "pty"> {
  const bash = interactive ? ["bash", "--rcfile", "/opt/scope/bashrc", "-i"] : ["bash"];
  return {
    argv: command.length > 0 ? command : bash,
    ...(interactive ? { pty: windowSize(), env: { TERM: terminalType } } : {}),
  };
}
