import assert from "node:assert/strict";
import { listenerIn, programAt } from "../../../../src/features/redirect/local_program.ts";

const printed = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:46A0 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 77001 1 0 100 0 0 10 0
   1: 0100007F:46A0 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 77002 1 0 20 4 30 10 -1
--
1/fd:
total 0
lrwx------ 1 root root 64 Nov 29 17:45 0 -> /dev/null
lrwx------ 1 root root 64 Nov 29 17:45 3 -> socket:[77002]

42/fd:
total 0
lrwx------ 1 ann ann 64 Nov 29 17:45 8 -> socket:[77001]
--
1/comm:systemd
42/comm:kubectl
`;

Deno.test("listenerIn() finds whose socket listens on a port, in /proc or by lsof", () => {
  assert.deepEqual(listenerIn(printed, 18080), { name: "kubectl", pid: 42 });
  assert.equal(listenerIn(printed, 18081), undefined);
  assert.equal(listenerIn(printed.replace("socket:[77001]", "/dev/null"), 18080), undefined);
  assert.deepEqual(listenerIn("p4242\nckubectl\nf8\n", 18080), { name: "kubectl", pid: 4242 });
  assert.equal(listenerIn("", 18080), undefined);
});

Deno.test("programAt() knows this process, and nothing of other machines", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  assert.deepEqual(await programAt(`localhost:${port}`, 20_000), { name: "deno", pid: Deno.pid });
  assert.equal(await programAt(`10.0.0.1:${port}`), undefined);
});
