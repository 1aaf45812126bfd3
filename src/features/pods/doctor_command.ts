import type { Command } from "../../command.ts";
import { defineCommand } from "../../command.ts";
import type { Needs } from "../../way.ts";

/** A command, and its requirements on the way to the target. */
export interface CommandNeeds {
  command: string;
  needs: Needs;
}

/** Makes the `doctor` command, which reports what prevents each of these commands. */
export function doctorOf(commands: readonly Command[]): Command {
  const needing = commands.flatMap(({ name, needs }) => needs === undefined ? [] : [{ command: name, needs }]);
  return defineCommand({
    name: "doctor",
    summary: "Tell for each command which way leads beside the target, and what is missing where none does",
    permissions: ["target"],
    examples: [
      ["scope -n shop -p web doctor", "all ways and commands, for one pod"],
      ["scope -n shop doctor", "what you may do in the namespace, whichever pod it is"],
    ],
    plan: () => needing,
    load: () => import("./run_doctor.ts"),
  });
}
