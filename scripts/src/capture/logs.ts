import { ScriptError } from "../lib/errors.ts";
import { runCleanup } from "../lib/run.ts";
import { runCapture } from "./capture.ts";
import { writeBytes } from "./capture_file.ts";
import { captured } from "./captured.ts";
import { clusterEnvironment, kubectl } from "./cluster.ts";

const USAGE = `Usage: scripts/capture-logs [DIRECTORY]

Makes a pod on the test cluster (scripts/cluster up) that prints empty lines, colours, a long line, bytes that are not
UTF-8 and a last line without an end, and writes the bytes of its log, with times, to DIRECTORY (tests/testdata/logs):
whole.txt, and since.txt, which begins in the middle of a line that the container printed in two pieces.
`;

const POD = "capture-logs";

await runCapture("logs", USAGE, async (directory) => {
  const env = clusterEnvironment();
  const log = async (query = "") => {
    const path = `/api/v1/namespaces/demo/pods/${POD}/log?timestamps=true${query}`;
    const { code, stdout, stderr } = await captured(["kubectl", "get", "--raw", path], { env });
    if (code !== 0) throw new ScriptError(`Cannot read the log of pod "${POD}": ${stderr.trim()}`);
    return stdout;
  };
  await kubectl(["delete", "pod", POD, "--ignore-not-found"]);
  try {
    // The runtime splits lines at 16 KB, and gives each part its own time.
    await kubectl(["create", "-f", `${import.meta.dirname}/logs_pod.yaml`]);
    await kubectl(["wait", "--for=jsonpath={.status.phase}=Succeeded", `pod/${POD}`, "--timeout=60s"]);
    const whole = await log(), since = await log(`&sinceTime=${betweenParts(whole)}`);
    writeBytes(`${directory}/whole.txt`, whole);
    writeBytes(`${directory}/since.txt`, since);
  } finally {
    await runCleanup(["kubectl", "-n", "demo", "delete", "pod", POD, "--wait=false"], { env });
  }
});

/** Returns a time between the two parts of the long line: the second is about three seconds later. */
function betweenParts(log: string): string {
  const [, started = ""] = /^(\S{19})\S* xxx/m.exec(log) ?? [];
  return new Date(Date.parse(`${started}Z`) + 2000).toISOString().replace(".000", "");
}
