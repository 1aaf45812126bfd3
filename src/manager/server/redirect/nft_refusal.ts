import type { ConnectError } from "@connectrpc/connect";
import { refusal } from "../refusal.ts";
import { NftError } from "./nft.ts";

/** Throws an error of nft as a refusal, and all others as they are. */
export function throwNftRefusal(error: unknown): never {
  throw error instanceof NftError ? nftRefusal(error.message) : error;
}

/** Translates an error message of nft. */
export function nftRefusal(message: string): ConnectError {
  const [first = ""] = message.split("\n");
  if (/Operation not permitted|must be root/i.test(message)) {
    return refusal("NO_NET_ADMIN", "the manager may not change the network of the pod: NET_ADMIN is missing");
  }
  if (/not supported|Invalid argument|No such file or directory|cache initialization failed/i.test(message)) {
    return refusal(
      "NO_NF_TABLES",
      `the kernel of the node cannot change where connections go: it needs nf_tables with NAT for inet, Linux 5.2 or later (${first})`,
    );
  }
  return refusal("NFT_FAILED", `cannot make the rules: ${first}`);
}
