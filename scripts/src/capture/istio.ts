import { ScriptError } from "../lib/errors.ts";
import { say } from "../lib/output.ts";
import { ROOT } from "../lib/paths.ts";
import { runShown } from "../lib/run.ts";
import { TemporaryDirectory } from "../lib/temporary.ts";
import { runCapture } from "./capture.ts";
import { captured } from "./captured.ts";

const USAGE = `Usage: scripts/capture-istio [DIRECTORY]

Builds istio-iptables, which makes the rules of a pod with a sidecar (in an init container or in the node's agent), from its
Go module; runs it in a network of its own as an injected pod does; and writes what iptables-save and nft print then to DIRECTORY
(tests/testdata/istio), without comments and counters:

  iptables.txt ip6tables.txt          by default, through iptables
  dns_iptables.txt dns_ip6tables.txt  with ISTIO_META_DNS_CAPTURE
  native.nft                          with native nftables, and DNS as well

  legacy_4.bin legacy_6.bin           of the first: the kernel's own form of the nat tables

Each text can be given to iptables-restore, ip6tables-restore or nft -f. Needs root, Go, iptables and nft; takes some minutes.
`;

/** Version of August 2026. */
const VERSION = "v0.0.0-20260827124520-eed52ebb66ad";

await runCapture("istio", USAGE, async (directory) => {
  using scratch = new TemporaryDirectory();
  Deno.copyFileSync(`${import.meta.dirname}/istio_iptables.go`, `${scratch.path}/main.go`);
  say(`building istio-iptables ${VERSION}`);
  await build(scratch.path);
  Deno.writeTextFileSync(`${scratch.path}/resolv.conf`, "nameserver 10.96.0.10\n");
  const deno = [Deno.execPath(), "run", "--allow-all", "--quiet", "--config", `${ROOT}/deno.json`];
  const inside = [`${import.meta.dirname}/istio_in_network.ts`, scratch.path, Deno.realPathSync(directory)];
  await runShown(["unshare", "--net", "--mount", "--", ...deno, ...inside]);
});

async function build(directory: string): Promise<void> {
  const commands = [
    "go mod init capture",
    `go get istio.io/istio@${VERSION}`,
    "go mod tidy",
    "go build -buildvcs=false -o istio-iptables .",
  ];
  const env = { GOFLAGS: "-mod=mod", GOWORK: "off", CGO_ENABLED: "0" };
  const script = ["sh", "-c", `cd "$1" && ${commands.join(" && ")}`, "sh", directory];
  const { stdout, stderr, code } = await captured(script, { env });
  if (code !== 0) throw new ScriptError(`Cannot build istio-iptables: ${stdout}${stderr}`);
}
