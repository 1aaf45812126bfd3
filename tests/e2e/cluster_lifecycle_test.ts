import assert from "node:assert/strict";
import { nodePid } from "../cluster/node.ts";
import { children } from "../cluster/processes.ts";
import { preferredSlot } from "../cluster/slots.ts";
import { openState, type State } from "../cluster/state.ts";
import { until } from "../cluster/wait.ts";
import { type Leftovers, leftovers, namespacesOf } from "./cluster_leftovers.ts";
import { CHECKOUT, cluster, outcome } from "./cluster_script.ts";

const NOTHING: Leftovers = {
  processes: [],
  namespaces: [],
  mounts: [],
  links: [],
  routes: [],
  cgroups: [],
  slots: [],
};

/** Makes a second checkout with the files that the cluster needs. */
async function secondCheckout(): Promise<string> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "scope-checkout-" }));
  for (const path of ["deploy", "scripts", "tests"]) await Deno.mkdir(`${directory}/${path}`);
  for (const path of ["deno.json", "deploy/permissions.txt", "scripts/lib.sh", "scripts/cluster", "tests/cluster"]) {
    const { code, stderr } = await outcome("cp", ["-R", `${CHECKOUT}/${path}`, `${directory}/${path}`]);
    assert.equal(code, 0, stderr);
  }
  return directory;
}

/** Kills a process of a cluster, and waits until it is gone. */
async function killAndWait(pid: number) {
  Deno.kill(pid, "SIGKILL");
  await until(`process ${pid} to end`, 10, () => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/stat`).includes(") Z ");
    } catch {
      return true;
    }
  });
}

/** Starts `up` and returns when it prints these words. */
async function upUntil(checkout: string, words: string): Promise<Deno.ChildProcess> {
  const up = new Deno.Command(`${checkout}/scripts/cluster`, {
    args: ["up"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  })
    .spawn();
  let said = "";
  for await (const bytes of up.stderr.values({ preventCancel: true })) {
    said += new TextDecoder().decode(bytes);
    if (said.includes(words)) return up;
  }
  throw new Error(`scripts/cluster up ended without saying "${words}": ${said}`);
}

Deno.test("cluster lifecycle", async (t) => {
  const checkout = await secondCheckout();
  const state = openState(checkout);
  const first = await cluster(CHECKOUT, "status");
  const healthy = async () => (await cluster(checkout, "status")).code === 0;
  const seen = new Set<string>(); // namespaces that the nodes have used
  let slot = -1;
  const rest = () => leftovers(state, slot, [...seen]);
  const up = async () => {
    const { code, stderr } = await cluster(checkout, "up");
    assert.equal(code, 0, stderr);
    slot = state.slot!;
    for (const node of ["node1", "node2"]) for (const id of namespacesOf(nodePid(state, node)!)) seen.add(id);
  };

  try {
    await t.step("nothing runs before the first up", async () => {
      const { code, stdout, stderr } = await cluster(checkout, "kubeconfig");
      assert.deepEqual({ code, stdout }, { code: 69, stdout: "" });
      assert.match(stderr, /^error: Cannot find a running cluster ("\w+" )?of ".*"\nhint: run scripts\/cluster up\n$/);
      assert.equal(await healthy(), false);
    });

    await t.step("up takes the next slot when its own is taken", async () => {
      const wanted = preferredSlot(checkout, state.name);
      const other = await Deno.makeTempDir();
      await Deno.mkdir("/run/scope-clusters", { recursive: true });
      const boot = Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
      const claim = `/run/scope-clusters/${wanted}`;
      const taken = await Deno.writeTextFile(claim, `${boot}\n${other}\n`, { createNew: true }).then(
        () => true,
        () => false,
      );
      try {
        await up();
        assert.notEqual(slot, wanted);
        assert.equal(await healthy(), true);
      } finally {
        if (taken) await Deno.remove(claim);
        await Deno.remove(other);
      }
    });

    await t.step("leftovers() sees a cluster that runs", async () => {
      await up();
      for (const [kind, found] of Object.entries(await rest())) {
        if (!["mounts", "namespaces"].includes(kind)) assert.notDeepEqual(found, [], kind); // those are inside the nodes
      }
    });

    await t.step("the first cluster goes on as it was", async () => {
      assert.deepEqual(await cluster(CHECKOUT, "status"), first);
    });

    for (const victim of ["etcd", "node1", "kubelet of node2"]) {
      await t.step(`up mends a cluster whose ${victim} was killed`, async () => {
        await up();
        const { pid } = state.processes().get(victim) ?? { pid: kubeletOf(state, "node2") };
        await killAndWait(pid);
        assert.equal(await healthy(), false);
        await up();
        assert.equal(await healthy(), true);
      });
    }

    await t.step("down leaves nothing", async () => {
      await up();
      assert.equal((await cluster(checkout, "down")).code, 0);
      assert.deepEqual(await rest(), NOTHING);
      assert.equal(await healthy(), false);
    });

    await t.step("down of what does not run is no error", async () => {
      assert.equal((await cluster(checkout, "down")).code, 0);
    });

    for (const words of ["starting etcd", "waiting for the nodes", "waiting for the demo workloads"]) {
      await t.step(`Ctrl-C while ${words} leaves nothing`, async () => {
        await cluster(checkout, "down");
        const starting = await upUntil(checkout, words);
        slot = state.slot!;
        starting.kill("SIGINT");
        let said = "";
        for await (const bytes of starting.stderr) said += new TextDecoder().decode(bytes);
        assert.equal((await starting.status).code, 130, said);
        assert.deepEqual(await rest(), NOTHING, said);
      });
    }

    await t.step("up follows an up that was killed", async () => {
      await cluster(checkout, "down");
      const starting = await upUntil(checkout, "waiting for the nodes");
      starting.kill("SIGKILL");
      await starting.stderr.cancel();
      await starting.status;
      await up();
      assert.equal(await healthy(), true);
    });

    await t.step("down follows an up that was killed", async () => {
      await cluster(checkout, "down");
      const starting = await upUntil(checkout, "starting etcd");
      slot = state.slot!;
      starting.kill("SIGKILL");
      await starting.stderr.cancel();
      await starting.status;
      assert.equal((await cluster(checkout, "down")).code, 0);
      assert.deepEqual(await rest(), NOTHING);
    });

    await t.step("the first cluster is still as it was", async () => {
      assert.deepEqual(await cluster(CHECKOUT, "status"), first);
    });
  } finally {
    await cluster(checkout, "down");
    await Deno.remove(checkout, { recursive: true });
    await Deno.remove(state.directory, { recursive: true });
  }
});

function kubeletOf(state: State, node: string): number {
  const pid = children(nodePid(state, node)!).find((child) => {
    return Deno.readTextFileSync(`/proc/${child}/comm`).trim() === "kubelet";
  });
  assert.ok(pid !== undefined);
  return pid;
}
