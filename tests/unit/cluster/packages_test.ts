import assert from "node:assert/strict";
import { missingPackages } from "../../cluster/packages.ts";

Deno.test("missingPackages() lists what is not installed, or no longer", () => {
  const listing = "runc install ok installed\nopenssl deinstall ok config-files\n";
  assert.deepEqual(missingPackages(listing, ["runc", "openssl", "nftables"]), ["openssl", "nftables"]);
});
