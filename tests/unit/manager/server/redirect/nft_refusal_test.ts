import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { nftRefusal } from "../../../../../src/manager/server/redirect/nft_refusal.ts";

// The first message is that of nft 1.1.3 without NET_ADMIN; the others are kernel errors as nft words them, which the test
// machine's kernel does not return.
const cases: [string, Code, RegExp][] = [
  [
    "Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted",
    Code.PermissionDenied,
    /NET_ADMIN is missing$/,
  ],
  [
    "netlink: Error: cache initialization failed: Protocol not supported",
    Code.FailedPrecondition,
    /Linux 5\.2 or later/,
  ],
  ["Error: Could not process rule: Operation not supported\nadd chain …", Code.FailedPrecondition, /needs nf_tables/],
  ["Error: Could not process rule: No such file or directory", Code.FailedPrecondition, /needs nf_tables/],
  ["nft has ended", Code.Internal, /^\[internal\] cannot make the rules: nft has ended$/],
];

for (const [said, code, message] of cases) {
  Deno.test(`nftRefusal() of "${said.split("\n")[0]}" says what is missing`, () => {
    const error = nftRefusal(said);
    assert.equal(error.code, code);
    assert.match(error.message, message);
  });
}
