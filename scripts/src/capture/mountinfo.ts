import { works } from "../../../tests/cluster/packages.ts";
import { ScriptError } from "../lib/errors.ts";
import { need } from "../lib/need.ts";
import { say } from "../lib/output.ts";
import { ROOT } from "../lib/paths.ts";
import { runShown } from "../lib/run.ts";
import { TemporaryDirectory } from "../lib/temporary.ts";
import { runCapture } from "./capture.ts";
import { kubectl } from "./cluster.ts";

const USAGE = `Usage: scripts/capture-mountinfo [DIRECTORY]

Writes /proc/PID/mountinfo of processes whose root is an overlay with odd names, with relative layers, without an upper
layer, or no overlay, one file a case, to DIRECTORY (tests/testdata/mountinfo); and, where the cluster of scripts/cluster
runs, of a pod in it. Needs root. The mounts are in a mount namespace of their own and end with it.
`;

/**
 * Mounts an overlay on $3 from the directory $1 with the options $2. `/` is the lowest layer, so that there is a program to
 * run. The other layers are on a separate tmpfs, $4, as layers must not contain each other.
 */
const OVERLAY = `mount -t tmpfs tmpfs "$4" && cd "$4" &&
  mkdir -p root upper work "a b:c" store/1/fs store/2/fs store/3/fs store/3/work &&
  cd "$1" && mount -t overlay overlay -o "$2" "$3" && mount -t proc proc "$3/proc" && exec chroot "$3" cat /proc/self/mountinfo`;

await runCapture("mountinfo", USAGE, async (directory) => {
  if (Deno.uid() !== 0) throw new ScriptError("Mounts need root");
  await need("unshare", "util-linux");
  using temporary = new TemporaryDirectory();
  const scratch = temporary.path, store = `${scratch}/store`;
  const keep = (name: string, mountinfo: string) => {
    Deno.writeTextFileSync(`${directory}/${name}.txt`, onlyRoots(mountinfo).replaceAll(scratch, "/scratch"));
  };
  const overlay = async (name: string, from: string, options: string) => {
    const args = [from, options, `${scratch}/root`, scratch];
    keep(name, await runShown(["unshare", "--mount", "sh", "-c", OVERLAY, "sh", ...args]));
  };

  const layers = `lowerdir=${scratch}/a b\\:c:/,upperdir=${scratch}/upper,workdir=${scratch}/work`;
  await overlay("odd", scratch, layers);
  await overlay("relative", store, `lowerdir=1/fs:2/fs:/,upperdir=${store}/3/fs,workdir=${store}/3/work`);
  await overlay("readonly", scratch, `lowerdir=${store}/1/fs:/`);
  keep("plain", Deno.readTextFileSync("/proc/self/mountinfo"));
  if (await works([`${ROOT}/scripts/cluster`, "status"])) {
    keep("pod", await kubectl(["exec", "deploy/web", "--", "cat", "/proc/1/mountinfo"]));
  } else {
    say("the cluster does not run: pod.txt stays as it is");
  }
});

/** Keeps only the lines of / and /proc: the others are specific to this machine. */
function onlyRoots(mountinfo: string): string {
  return mountinfo.split("\n").filter((line) => /^[0-9]+ [0-9]+ [0-9:]+ [^ ]+ \/(proc)? /.test(line))
    .map((line) => `${line}\n`).join("");
}
