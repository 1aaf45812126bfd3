import { say } from "../lib/output.ts";
import { runCapture } from "./capture.ts";
import { tagged, writeCapture } from "./capture_file.ts";
import { captured } from "./captured.ts";
import { clusterEnvironment, kubectl, scope } from "./cluster.ts";

const USAGE = `Usage: scripts/capture-hping [DIRECTORY]

Runs the hping3 of the endoscope image in the network of demo/web on the test cluster (scripts/cluster up,
scripts/image), against demo/api and addresses where nobody answers, and writes one file a case to DIRECTORY
(tests/testdata/hping). Each file: the command line after "# ", then the lines of standard output as "stdout|...", of
standard error as "stderr|...", then "exit|CODE". The address of demo/api is written as 10.0.0.9.
`;

/** Name, host and options of each case; API stands for the address of demo/api. */
const cases: readonly (readonly [name: string, line: string])[] = [
  ["syn", "API -S -p 8080 -c 2"],
  ["refused", "API -S -p 9 -c 2"],
  ["plain", "API -c 1"],
  ["icmp", "API --icmp -c 2"],
  ["timestamp", "API -S -p 8080 -c 1 --tcp-timestamp"],
  ["udp_refused", "API --udp -p 9 -c 2"],
  ["udp_refused_numeric", "API --udp -p 9 -c 2 -n"],
  ["silent", "192.0.2.1 --icmp -c 1"],
  ["until_stopped", "API -S -p 8080"],
  ["time_exceeded", "192.0.2.1 -S -p 80 -c 2 --ttl 1"],
  ["traceroute", "192.0.2.1 -T -S -p 80 -c 2 -n"],
  ["scan", "API --scan 8079-8081 -S"],
  ["verbose", "API -V --icmp -c 1"],
  ["unknown_host", "nowhere.invalid -c 1"],
  ["bad_option", "API --bad"],
  ["bad_value", "API -p x -c 1"],
  ["not_permitted", "API -c 1"],
];

/** Lines of scope itself. */
const ofScope = /^stderr\|(using pod |starting the )/;

await runCapture("hping", USAGE, async (directory) => {
  const env = clusterEnvironment();
  const api = await kubectl(["get", "pod", "-l", "app=api", "-o", "jsonpath={.items[0].status.podIP}"]);
  const inPod = [scope, "-n", "demo", "-p", "web", "--via", "node", "shell", "--"];
  // SIGINT ends a run after three seconds.
  const limited = ["timeout", "--preserve-status", "--foreground", "-s", "INT", "3"];
  for (const [name, line] of cases) {
    say(name);
    const hping = ["stdbuf", "-oL", "hping3", ...line.replace("API", api).split(" ")];
    const as = name === "not_permitted" ? ["setpriv", "--bounding-set=-all"] : [];
    const { stdout, stderr, code } = await captured([...inPod, ...limited, ...as, ...hping], { env });
    const lines = [...tagged("stdout", stdout), ...tagged("stderr", stderr).filter((one) => !ofScope.test(one))];
    const [command = "", ...shown] = [hping.join(" "), ...lines].map((one) => withoutAddresses(one, api));
    writeCapture(`${directory}/${name}.txt`, command, shown, code);
  }
});

/** Replaces the addresses of the pod and of those that answer for it. */
function withoutAddresses(line: string, api: string): string {
  return line.replaceAll(api, "HOST").replace(/from ip=10\.[0-9.]*/, "from ip=10.0.0.1").replaceAll("HOST", "10.0.0.9");
}
