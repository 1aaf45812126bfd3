import { flags } from "../../../src/terminal/flags.ts";
import { version } from "../../../src/version.ts";
import { failing, ScriptError } from "../lib/errors.ts";
import { exists } from "../lib/files.ts";
import { say } from "../lib/output.ts";
import { runShown } from "../lib/run.ts";
import { denoInfo } from "./deno_info.ts";
import { oneFile } from "./install.ts";
import type { Workspace } from "./workspace.ts";

const MISSING = `Cannot compile: Deno's runtime for programs, denort ${Deno.version.deno}, is not on this machine`;

/** Makes a program of this machine. */
export async function packageProgram(workspace: Workspace): Promise<void> {
  const runtime = await findRuntime();
  if (runtime === undefined) {
    throw new ScriptError(
      MISSING,
      'set DENORT_BIN to its file; Deno gets it by itself where "deno compile" may reach the server of its makers',
    );
  }
  const file = await oneFile(workspace, "scope.js");
  const program = workspace.path(`scope-${version}-${Deno.build.os}-${Deno.build.arch}`);
  await runShown([Deno.execPath(), "compile", ...flags.map(({ flag }) => flag), "--output", program, file])
    .catch(failing(`Cannot compile scope with "${runtime}"`));
  const reported = await runShown([program, "--version"]).catch(() => "");
  if (reported !== `scope ${version}\n`) {
    throw new ScriptError(
      `Cannot use the runtime "${runtime}"`,
      `it is denort of Deno ${Deno.version.deno}, not deno itself`,
    );
  }
  workspace.finish(program);
}

/** Makes a program of this machine, or says what is missing. */
export async function packageProgramIfPossible(workspace: Workspace): Promise<void> {
  if (await findRuntime() === undefined) say(`${MISSING}; the other packages are complete`);
  else await packageProgram(workspace);
}

/** Returns the path of denort, Deno's runtime for compiled programs, if it is here: Deno would download it from its makers. */
async function findRuntime(): Promise<string | undefined> {
  const given = Deno.env.get("DENORT_BIN");
  if (given) return given;
  const { denoDir } = await denoInfo();
  const archive = `${denoDir}/dl/release/v${Deno.version.deno}/denort-${Deno.build.target}.zip`;
  return exists(archive) ? archive : undefined;
}
