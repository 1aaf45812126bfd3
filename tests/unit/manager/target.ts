import { mountedHierarchies, removeCgroup } from "../../cluster/cgroups.ts";
import { denoArgv, kill, within } from "./manager_process.ts";

export interface FakeTarget extends AsyncDisposable {
  /** Of its first process. */
  readonly pid: number;
  /** Its root directory, seen from outside. */
  readonly root: string;
  /** A file outside of its root, with what must never be read through it. */
  readonly secret: { path: string; text: string };
  readonly podUid: string;
  readonly containerId: string;
}

/**
 * A container as the kernel sees it: a web server with a root, mounts, a network, a host name and a control group of
 * its own. Needs root.
 */
export async function fakeTarget(): Promise<FakeTarget> {
  const directory = Deno.makeTempDirSync({ prefix: "scope-target-" }), root = `${directory}/root`;
  for (const name of ["etc", "proc", "dev"]) Deno.mkdirSync(`${root}/${name}`, { recursive: true });
  Deno.writeTextFileSync(`${root}/etc/passwd`, "chief:x:0:0::/:/bin/sh\n");
  const secret = { path: `${directory}/secret`, text: `secret ${crypto.randomUUID()}` };
  Deno.writeTextFileSync(secret.path, secret.text);
  const script = 'printf scope-target >/proc/sys/kernel/hostname && mount --bind /proc "$1" && shift && exec "$@"';
  const program = denoArgv(new URL("server/target_program.ts", import.meta.url).pathname, [root]);
  const child = new Deno.Command("unshare", {
    args: ["--net", "--uts", "--mount", "--", "sh", "-c", script, "sh", `${root}/proc`, ...program],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const podUid = crypto.randomUUID(),
    containerId = podUid.replaceAll("-", "").repeat(2),
    group = `scope-unit-${podUid}`;
  const hierarchy = mountedHierarchies().find(({ controllers }) => controllers?.includes("pids") ?? true)!;
  const cgroup = `${hierarchy.path}/${group}/pod${podUid}/${containerId}`;
  Deno.mkdirSync(cgroup, { recursive: true });
  Deno.writeTextFileSync(`${cgroup}/cgroup.procs`, String(child.pid));
  const words = child.stdout.getReader();
  await within(20, words.read(), () => "the target to serve");
  return {
    pid: child.pid,
    root,
    secret,
    podUid,
    containerId,
    async [Symbol.asyncDispose]() {
      kill(child.pid, "SIGKILL");
      await child.status;
      await words.cancel();
      await removeCgroup(group);
      Deno.removeSync(directory, { recursive: true });
    },
  };
}
