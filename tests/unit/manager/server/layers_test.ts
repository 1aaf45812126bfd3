import assert from "node:assert/strict";
import { rootLayers } from "../../../../src/manager/server/files/layers.ts";

const captured = (name: string) =>
  Deno.readTextFileSync(new URL(`../../../testdata/mountinfo/${name}.txt`, import.meta.url));

const snapshots = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots";

for (
  const [name, upper, lower] of [
    ["pod", `${snapshots}/13/fs`, [`${snapshots}/2/fs`]],
    ["odd", "/scratch/upper", ["/scratch/a b:c", "/"]],
    ["relative", "/scratch/store/3/fs", ["/scratch/store/1/fs", "/scratch/store/2/fs", "/"]],
    ["readonly", undefined, ["/scratch/store/1/fs", "/"]],
  ] as [string, string | undefined, string[]][]
) {
  Deno.test(`rootLayers() reads the layers of the captured root "${name}", the topmost first`, () => {
    assert.deepEqual(rootLayers(captured(name)), [
      ...(upper === undefined ? [] : [{ directory: upper, upper: true }]),
      ...lower.map((directory) => ({ directory, upper: false })),
    ]);
  });
}

Deno.test("rootLayers() finds none where the root is no overlay, or there is none", () => {
  assert.equal(rootLayers(captured("plain")), undefined);
  assert.equal(rootLayers(""), undefined);
});
