import assert from "node:assert/strict";
import { which } from "../programs/which.ts";
import { CHECKOUT, type Outcome, outcome } from "./cluster_script.ts";

/** Output directory of scripts/package. */
export const PACKAGES = `${CHECKOUT}/dist/packages`;

/** Runs scripts/package, which must succeed; returns the lines that it printed. */
export async function makePackages(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await outcome(`${CHECKOUT}/scripts/package`, args);
  assert.equal(code, 0, stderr);
  return stdout.trim().split("\n");
}

/** A new user with an empty home and only the named programs. Disposing removes the home. */
export class NewUser implements AsyncDisposable {
  private constructor(readonly home: string) {}

  static async make(programs: readonly string[]): Promise<NewUser> {
    const user = new NewUser(await Deno.makeTempDir({ prefix: "scope-home-" }));
    await Deno.mkdir(`${user.home}/programs`);
    for (const name of programs) await Deno.symlink(findProgram(name), `${user.home}/programs/${name}`);
    return user;
  }

  /** Runs an installed program by its path; PATH contains only the named programs and `directories`. */
  run(program: string, args: readonly string[], { directories = [], env = {} }: Place = {}): Promise<Outcome> {
    const path = [...directories, `${this.home}/programs`].join(":");
    // Only these variables: a kubeconfig is always needed.
    const kubeconfig = Deno.env.get("KUBECONFIG") ?? "";
    // Start no process that waits for the next command: it would outlive the home.
    const own = { HOME: this.home, SCOPE_WARM: "off", PATH: path };
    const all = { ...own, LANG: "C.UTF-8", KUBECONFIG: kubeconfig, ...env };
    return bare(program, args, all);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.home, { recursive: true });
  }
}

/** Returns this machine's variables for downloading packages: registry, proxy and trusted certificates. */
export function packageSettings(): Record<string, string> {
  const names =
    /^(npm_config_\w+|DENO_(CERT|TLS_CA_STORE)|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS|(https?|no|all)_proxy)$/i;
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => names.test(name)));
}

export interface Place {
  /** Directories in PATH, before the named programs. */
  readonly directories?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program in `/` with only these variables, for at most two minutes. */
async function bare(program: string, args: readonly string[], env: Record<string, string>): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    ...{ args: [...args], env, clearEnv: true, cwd: "/", stdin: "null" },
    signal: AbortSignal.timeout(120_000),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Returns the path of a program: this Deno, or the first of that name in PATH. */
function findProgram(name: string): string {
  const path = name === "deno" ? Deno.execPath() : which(name);
  if (path === undefined) throw new Error(`Cannot find the program "${name}" in PATH`);
  return path;
}
