import { Code, ConnectError } from "@connectrpc/connect";
import { NftError } from "./nft.ts";

/** Throws an error of nft as a ConnectError. */
export function told(error: unknown): never {
  throw error instanceof NftError ? refused(error.message) : error;
}

/** Translates an error message of nft. */
export function refused(message: string): ConnectError {
  const [first = ""] = message.split("\n");
  if (/Operation not permitted|must be root/i.test(message)) {
    return new ConnectError(
      "the manager may not change the network of the pod: NET_ADMIN is missing",
      Code.PermissionDenied,
    );
  }
  if (/not supported|Invalid argument|No such file or directory|cache initialization failed/i.test(message)) {
    return new ConnectError(
      `the kernel of the node cannot change where connections go: it needs nf_tables with NAT for inet, Linux 5.2 or later (${first})`,
      Code.FailedPrecondition,
    );
  }
  return new ConnectError(`cannot make the rules: ${first}`, Code.Internal);
}
