import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { kubectl, TestNamespace } from "./kube.ts";
import type { Pod } from "./kube.ts";
import { podProcesses } from "./node_processes.ts";
import { scope, scopeOk } from "./scope.ts";

const volumes = [{ name: "content", emptyDir: {} }, { name: "data", emptyDir: {} }, {
  name: "settings",
  configMap: { name: "settings" },
}];
const mounts = [
  { name: "content", mountPath: "/etc/app.conf", subPath: "app.conf" },
  { name: "settings", mountPath: "/etc/key", subPath: "key" },
  { name: "data", mountPath: "/data" },
];

/** Creates a pod with a volume's file, a ConfigMap's key and a directory mounted. */
async function mountedPod(own: TestNamespace, name: string): Promise<Pod> {
  const busybox = { image: "localhost/busybox:1", volumeMounts: [{ name: "content", mountPath: "/v" }] };
  const pod = await own.pod(name, {
    spec: {
      volumes,
      initContainers: [{ ...busybox, name: "fill", command: ["sh", "-c", "echo old >/v/app.conf"] }],
      containers: [{ ...busybox, name: "main", command: ["sleep", "infinity"], volumeMounts: mounts }],
    },
  });
  await until("its program to run", 10, () => firstOf(pod) !== undefined);
  return pod;
}

function firstOf({ metadata }: Pod): number | undefined {
  return podProcesses(metadata.uid).find(({ argv }) => argv.join(" ") === "sleep infinity")?.pid;
}

/** Reads a file in /proc of the target's first process, from this machine. */
function seen(pod: Pod, file: string): string {
  return Deno.readTextFileSync(`/proc/${firstOf(pod)}/${file}`);
}

/** Scripts that would remove a mount if the kernel allowed it, and the refusal of each. */
const attempts = [
  ["sed -i s/old/new/ ROOT/etc/app.conf", "rename|move"],
  ["rm ROOT/etc/hosts", "remove"],
  ["mv ROOT/etc/key ROOT/etc/other", "rename|move"],
  ["echo mine >ROOT/own; mv ROOT/own ROOT/etc/key", "rename|move"],
  ["mv ROOT/data ROOT/gone", "rename|move"],
  ["rm -r ROOT/data", "remove"],
] as const;

Deno.test("what the target has mounted stays mounted", async (t) => {
  await using own = await TestNamespace.make();
  await kubectl(["create"], {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: own.name },
    data: { key: "as set" },
  });
  const pods = await Promise.all(["node", "ephemeral"].map((via) => mountedPod(own, via)));
  for (const pod of pods) {
    const via = pod.metadata.name;
    const shell = (...more: string[]) => [
      ...["-n", own.name, "--debug-namespace", "demo", "-p", via, "--via", via, "shell"],
      ...more,
    ];
    const before = seen(pod, "mountinfo");
    assert.match(before, / \/etc\/app\.conf .* \/etc\/key /s);
    const check = async (name: string, root: string, run: (script: string) => string[]) => {
      await t.step(`${name} by the ${via} Way`, async () => {
        for (const [script, refusal] of attempts) {
          const { code, stderr } = await scope(run(script.replaceAll("ROOT", root)));
          assert.notEqual(code, 0, script);
          assert.match(stderr, new RegExp(`(${refusal}).*: Device or resource busy$`, "m"), script);
          assert.equal(seen(pod, "mountinfo"), before, script);
        }
        assert.equal(seen(pod, "root/etc/app.conf"), "old\n");
        assert.equal(seen(pod, "root/etc/key"), "as set");
      });
    };
    await check("shell --inside", "", (script) => shell("--inside", "--", "sh", "-c", script));
    await check("shell, in $SCOPE_ROOT,", "$SCOPE_ROOT", (script) => shell("sh", "-c", script));
    await t.step(`what is no mount is written as before, by the ${via} Way`, async () => {
      const script =
        "cd ROOT/tmp && echo a >a && sed -i s/a/b/ a && mv a b && cat b && rm b && mkdir c && rmdir c && ls";
      await scopeOk(...shell("sh", "-c", "mkdir -p $SCOPE_ROOT/tmp"));
      assert.equal(await scopeOk(...shell("sh", "-c", script.replace("ROOT", "$SCOPE_ROOT"))), "b\n");
      assert.equal(await scopeOk(...shell("--inside", "--", "sh", "-c", script.replace("ROOT", ""))), "b\n");
    });
  }

  await t.step("by the node Way also from a program that loads no library", async () => {
    const before = seen(pods[0]!, "mountinfo");
    const shell = ["-n", own.name, "--debug-namespace", "demo", "-p", "node", "--via", "node", "shell"];
    const { stderr } = await scope([...shell, "sh", "-c", "busybox rm $SCOPE_ROOT/etc/hosts"]);
    assert.match(stderr, /Device or resource busy$/m);
    assert.equal(seen(pods[0]!, "mountinfo"), before);
  });

  await t.step("where nothing protects them, that is said, and auto does not go there by itself", async () => {
    const inside = (via: string, ...more: string[]) =>
      scope([
        "-n",
        own.name,
        "--debug-namespace",
        "demo",
        "-p",
        "ephemeral",
        "--via",
        via,
        "-v",
        "shell",
        "--inside",
        ...more,
        "true",
      ]);
    const other = await inside("ephemeral", "--user", "7");
    assert.match(other.stderr, /^mounts of the target are not protected here: .*--via node protects them$/m);
    assert.doesNotMatch((await inside("ephemeral")).stderr, /not protected/);
    const chosen = await inside("auto", "--privileged");
    assert.match(chosen.stderr, /^beside .* through debug pod /m);
    assert.doesNotMatch(chosen.stderr, /not protected/);
  });
});
