import assert from "node:assert/strict";
import {
  addressText,
  ipv6Text,
  readSocketAddress,
  writeSocketAddress,
} from "../../../../../src/manager/server/redirect/address.ts";

Deno.test("writeSocketAddress() makes what the kernel takes, and readSocketAddress() reads it again", () => {
  assert.deepEqual([...writeSocketAddress({ address: "10.1.2.3", port: 8080 })], [
    2,
    0,
    31,
    144,
    10,
    1,
    2,
    3,
    ...Array(8).fill(0),
  ]);
  const six = writeSocketAddress({ address: "fd00::1", port: 443 });
  assert.deepEqual([...six.subarray(0, 8)], [10, 0, 1, 187, 0, 0, 0, 0]);
  assert.deepEqual([...six.subarray(8, 24)], [0xfd, ...Array(14).fill(0), 1]);
  assert.equal(six.length, 28);
  for (const address of ["10.1.2.3", "0.0.0.0", "fd00::1", "::", "::1", "fe80::1:2:3:4", "1:2:3:4:5:6:7:8", "1::8"]) {
    assert.deepEqual(readSocketAddress(writeSocketAddress({ address, port: 65535 })), { address, port: 65535 });
  }
});

Deno.test("readSocketAddress() gives an IPv4 address that came mapped into IPv6 as plain IPv4", () => {
  const bytes = new Uint8Array(28);
  bytes.set([10, 0, 0, 80, 0, 0, 0, 0, ...Array(10).fill(0), 0xff, 0xff, 192, 168, 0, 7]);
  assert.deepEqual(readSocketAddress(bytes), { address: "192.168.0.7", port: 80 });
});

Deno.test("ipv6Text() leaves out the first longest run of zeros, and no single one", () => {
  assert.equal(ipv6Text([0xfd00, 0, 1, 0, 0, 1, 0, 0]), "fd00:0:1::1:0:0");
  assert.equal(ipv6Text([1, 0, 2, 3, 4, 5, 6, 7]), "1:0:2:3:4:5:6:7");
});

Deno.test("addressText() puts an IPv6 address in brackets", () => {
  assert.equal(addressText({ address: "::1", port: 80 }), "[::1]:80");
  assert.equal(addressText({ address: "10.0.0.1", port: 80 }), "10.0.0.1:80");
});
