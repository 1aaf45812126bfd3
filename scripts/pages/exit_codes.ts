import { exitCodes } from "../../src/errors.ts";

/** Exit codes with their meanings, for README.md and the man page. */
export const exitCodeTexts: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "done; also when a pipe was closed, as by `head`"],
  ["1 / 2", "ping: from some / from all destinations nothing came back"],
  [`${exitCodes.usage}`, "the command line is wrong, or no pod specified"],
  [`${exitCodes.notFound}`, "no such namespace, pod, container, context or host; no port to redirect"],
  [
    `${exitCodes.unreachable}`,
    "unreachable: no cluster, the pod has no address, has finished or was deleted, its node is down, the image is not there",
  ],
  [`${exitCodes.bug}`, "a bug in scope"],
  [`${exitCodes.timeout}`, "not within `--timeout`"],
  [`${exitCodes.denied}`, "denied: credentials, RBAC, Pod Security, a quota, or somebody else redirects that port"],
  ["128 + n", "ended by signal n: 130 after Ctrl-C"],
];
