import { until } from "../../../cluster/wait.ts";

/** A FUSE file system whose program never answers. Disposing releases all processes that wait for it. */
export interface HungMount extends AsyncDisposable {
  readonly path: string;
}

const script = 'exec 3<>/dev/fuse && mount -i -t fuse -o "fd=3,rootmode=40000,user_id=0,group_id=0" hung "$1" && ' +
  "echo mounted && exec sleep 1000000";

/** Mounts the file system in the mount namespace of a process, at a directory as that process sees it. Needs root. */
export async function hungMount(pid: number, root: string, path: string): Promise<HungMount> {
  const child = new Deno.Command("nsenter", {
    args: [`--mount=/proc/${pid}/ns/mnt`, "--", "sh", "-c", script, "sh", `${root}${path}`],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const text = child.stdout.getReader();
  const { value } = await text.read();
  if (value === undefined) throw new Error("Cannot mount a file system of /dev/fuse");
  return {
    path,
    async [Symbol.asyncDispose]() {
      // Closing the last descriptor of /dev/fuse ends the connection, and every wait for it.
      child.kill("SIGKILL");
      await child.status;
      await text.cancel();
    },
  };
}

/** Waits until a thread of a process waits for a FUSE file system. */
export async function hangs(pid: number): Promise<void> {
  await until(
    "a thread to wait for the file system",
    20,
    () =>
      [...Deno.readDirSync(`/proc/${pid}/task`)].some(({ name }) => {
        try {
          return /fuse|request_wait/.test(Deno.readTextFileSync(`/proc/${pid}/task/${name}/wchan`));
        } catch {
          return false; // the thread has ended
        }
      }),
  );
}
