import { ScriptError, USAGE as USAGE_CODE } from "../lib/errors.ts";
import { need } from "../lib/need.ts";
import { runCapture } from "./capture.ts";
import { captureFping } from "./fping.ts";
import { PingNetwork } from "./ping_network.ts";
import { captureUnprivileged } from "./unprivileged_ping.ts";

const USAGE = `Usage: scripts/capture-ping [--only fping|unprivileged] [DIRECTORY]

Runs fping, and what pings without NET_RAW, against two network namespaces of its own, with routes and firewall rules
that answer, lose, refuse and double packets, and writes one file a case to DIRECTORY (tests/testdata/ping). Needs root.
Each file: the command line after "# " (of the unprivileged ones as JSON), then each line of output as "stdout|..." or
"stderr|...", then "exit|CODE". The unprivileged programs are those of the image that scripts/image builds.
`;

const captures = { fping: captureFping, unprivileged: captureUnprivileged };

await runCapture("ping", USAGE, async (directory, { values }) => {
  const only = values.only?.at(-1);
  const wanted = Object.entries(captures).filter(([name]) => only === undefined || only === name);
  if (wanted.length === 0) {
    const hint = `it is ${Object.keys(captures).join(" or ")}`;
    throw new ScriptError(`Option --only cannot be "${only}"`, hint, USAGE_CODE);
  }
  if (Deno.uid() !== 0) throw new ScriptError("Network namespaces need root");
  await need("fping", "fping");
  await need("ip", "iproute2");
  await need("nft", "nftables");
  await need("setpriv", "util-linux");
  await using network = await PingNetwork.make();
  for (const [, capture] of wanted) await capture(directory, network);
}, { values: { only: undefined } });
