import assert from "node:assert/strict";
import { enterArgs, nodeArgs } from "../../cluster/node.ts";

Deno.test("nodeArgs() joins the cgroups before it makes the namespaces", () => {
  const argv = nodeArgs(["/cg/a", "/cg/b"], "/init");
  assert.deepEqual(argv.slice(3), [
    ...["sh", "/cg/a", "/cg/b", "--", "unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--cgroup"],
    ...["--fork", "--mount-proc", "--kill-child", "/init"],
  ]);
});

Deno.test("enterArgs() enters every namespace of a node", () => {
  assert.deepEqual(enterArgs(42, ["ctr", "version"]), [
    ...["nsenter", "-t", "42", "-m", "-u", "-i", "-n", "-p", "-C", "--", "ctr", "version"],
  ]);
});
