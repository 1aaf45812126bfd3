import assert from "node:assert/strict";
import { which } from "../programs/which.ts";
import { CHECKOUT, type Outcome, outcome } from "./cluster_script.ts";

/** Where scripts/package puts what it makes. */
export const PACKAGES = `${CHECKOUT}/dist/packages`;

/** Runs scripts/package, which must succeed; returns the lines that it printed. */
export async function makePackages(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await outcome(`${CHECKOUT}/scripts/package`, args);
  assert.equal(code, 0, stderr);
  return stdout.trim().split("\n");
}

/** A user who has nothing yet: an empty home, and just the programs that are named. Disposing removes the home. */
export class NewUser implements AsyncDisposable {
  private constructor(readonly home: string) {}

  static async make(programs: readonly string[]): Promise<NewUser> {
    const user = new NewUser(await Deno.makeTempDir({ prefix: "scope-home-" }));
    await Deno.mkdir(`${user.home}/programs`);
    for (const name of programs) await Deno.symlink(findProgram(name), `${user.home}/programs/${name}`);
    return user;
  }

  /** Runs a program that was installed, by its path; PATH has nothing but the named programs and `directories`. */
  run(program: string, args: readonly string[], { directories = [], env = {} }: Place = {}): Promise<Outcome> {
    const path = [...directories, `${this.home}/programs`].join(":");
    // Of all variables only these: a kubeconfig there must be.
    const all = { HOME: this.home, PATH: path, LANG: "C.UTF-8", KUBECONFIG: Deno.env.get("KUBECONFIG") ?? "", ...env };
    return bare(program, args, all);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.home, { recursive: true });
  }
}

/** Variables by which this machine says where packages come from, and whom it believes that: a registry, a proxy, certificates. */
export function packageSettings(): Record<string, string> {
  const names =
    /^(npm_config_\w+|DENO_(CERT|TLS_CA_STORE)|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS|(https?|no|all)_proxy)$/i;
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => names.test(name)));
}

export interface Place {
  /** Of PATH, before the named programs. */
  readonly directories?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program in `/` with these variables and no others, at most two minutes. */
async function bare(program: string, args: readonly string[], env: Record<string, string>): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    ...{ args: [...args], env, clearEnv: true, cwd: "/", stdin: "null" },
    signal: AbortSignal.timeout(120_000),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Where a program is: this Deno, or the first of that name in PATH. */
function findProgram(name: string): string {
  const path = name === "deno" ? Deno.execPath() : which(name);
  if (path === undefined) throw new Error(`Cannot find the program "${name}" in PATH`);
  return path;
}
