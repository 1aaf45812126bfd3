import { unprivilegedPingTool } from "../../../src/features/ping/unprivileged_ping.ts";
import { until } from "../../../tests/cluster/wait.ts";
import { need } from "../lib/need.ts";
import { say } from "../lib/output.ts";
import { runShown } from "../lib/run.ts";
import { TemporaryDirectory } from "../lib/temporary.ts";
import { tagged, writeCapture } from "./capture_file.ts";
import { captured } from "./captured.ts";
import type { PingNetwork } from "./ping_network.ts";
import { unpackImage } from "./unpack_image.ts";

/** Name, seconds until SIGINT, most hosts by ICMP, count, period in milliseconds, and the hosts: ADDRESS or ADDRESS,PORT. */
type Case = readonly [name: string, seconds: number, mostIcmp: number, count: number, period: number, hosts: string];

const cases: readonly Case[] = [
  ["icmp_replies", 30, 64, 3, 1000, "10.77.0.2 FD77:0::2 localhost"],
  ["icmp_loss", 30, 64, 6, 200, "10.77.0.2 10.77.0.3 10.77.0.4"],
  ["icmp_lost_at_end", 30, 64, 2, 1000, "10.77.0.4"],
  ["icmp_slow_rounds", 30, 64, 3, 2000, "10.77.0.4 10.77.0.2"],
  ["icmp_unsent", 30, 64, 4, 200, "10.9.9.9 10.77.0.7 10.77.0.8 fd99::9 10.77.0.2"],
  ["icmp_unreachable", 30, 64, 2, 1000, "10.99.0.1 10.77.0.99"],
  ["icmp_duplicates", 0.9, 64, 0, 200, "10.77.0.5"],
  ["icmp_in_flight", 1.5, 64, 0, 200, "10.77.0.4 10.77.0.2"],
  ["icmp_unknown_host", 30, 64, 1, 200, "nowhere.invalid"],
  ["icmp_unknown_and_known", 30, 64, 1, 200, "nowhere.invalid 10.77.0.2"],
  ["icmp_refused", 30, 64, 1, 200, "255.255.255.255 10.77.0.2"],
  [
    ...["tcp", 30, 0, 2, 500] as const,
    "10.77.0.2,8080 10.77.0.2,81 fd77::2,8080 localhost 10.77.0.4 10.99.0.1 10.9.9.9 10.77.0.7",
  ],
  ["tcp_in_flight", 1.8, 0, 0, 500, "10.77.0.4 10.77.0.2"],
  ["tcp_unknown_host", 30, 0, 1, 200, "nowhere.invalid 10.77.0.2"],
  ["icmp_and_tcp", 30, 1, 2, 500, "10.77.0.2 10.77.0.3,81 nowhere.invalid"],
];

const notPermitted: Case = ["icmp_not_permitted", 30, 64, 1, 200, "10.77.0.2"];

/** Captures the pings without NET_RAW, with the programs of the image. */
export async function captureUnprivileged(directory: string, network: PingNetwork): Promise<void> {
  await need("socat", "socat");
  using scratch = new TemporaryDirectory();
  const image = await unpackImage(scratch.path);
  const permit = async (groups: string) => {
    await runShown(network.fromPinging("sysctl", "-qw", `net.ipv4.ping_group_range=${groups}`));
  };
  await permit("0 2147483647");
  const [program = "", ...args] = network.fromAnswering(
    ...["socat", "TCP6-LISTEN:8080,fork,reuseaddr,ipv6only=0", "EXEC:true"],
  );
  const server = new Deno.Command(program, { args, stdin: "null" }).spawn();
  try {
    await until("socat to listen", 10, async () => {
      return (await runShown(network.fromAnswering("ss", "-Hltn", "sport = 8080"))) !== "";
    });
    for (const one of cases) await capture(directory, network, image, one);
  } finally {
    server.kill("SIGTERM");
    await server.status;
  }
  await permit("1 0");
  await capture(directory, network, image, notPermitted);
}

async function capture(directory: string, network: PingNetwork, image: string, one: Case): Promise<void> {
  const [name, seconds, mostIcmp, count, intervalMs, hosts] = one;
  say(name);
  const destinations = hosts.split(" ").map((host) => host.split(",")).map(([address = "", port]) =>
    port === undefined ? { address } : { address, port: Number(port) }
  );
  const { argv } = unprivilegedPingTool({ destinations, count, intervalMs, mostIcmp });
  const user = "--reuid 65532 --regid 65532 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs".split(
    " ",
  );
  const limited = ["timeout", "--preserve-status", "-s", "INT", `${seconds}`, "chroot", image, "setpriv", ...user];
  const { stdout, stderr, code } = await captured(network.fromPinging(...limited, ...argv));
  const lines = [...tagged("stdout", stdout), ...tagged("stderr", stderr)];
  writeCapture(`${directory}/${name}.txt`, JSON.stringify(argv), lines, code);
}
