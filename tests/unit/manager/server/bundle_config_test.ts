import assert from "node:assert/strict";
import { parseBundleConfig, parseBundleEnvironment } from "../../../../src/manager/server/bundle_config.ts";

const read = (name: string) => Deno.readTextFileSync(new URL(`../../../testdata/bundle/${name}.json`, import.meta.url));
const real = { pod: "pair-78c79bd475-5jtpc", uid: "345c0bbf-24a9-4c0c-bb85-45374485e27f" };
const written = { pod: "pair-1", uid: "5f0c1d2e-3a4b-4c5d-8e6f-708192a3b4c5" };

// containerd's configs are captured from a real node; CRI-O's are written after its documentation, as the project runs no
// CRI-O.
for (
  const [name, expected] of [
    ["containerd_container", { ...real, container: "back" }],
    ["containerd_sandbox", real],
    ["crio_container", { ...written, container: "back" }],
    ["crio_sandbox", written],
  ] as const
) {
  Deno.test(`parseBundleConfig() reads ${name}`, () => {
    assert.deepEqual(parseBundleConfig(read(name)), { namespace: "demo", ...expected });
  });
}

Deno.test("parseBundleConfig() finds no pod where there is none", () => {
  const texts = ["", "{", "[]", "null", "7", "{}", '{"annotations":null}', '{"annotations":{"a":"b"}}'];
  for (const text of texts) assert.equal(parseBundleConfig(text), undefined, text);
  const cut = read("containerd_container").slice(0, 300);
  assert.equal(parseBundleConfig(cut), undefined, "cut off");
  assert.equal(parseBundleConfig(read("containerd_container").replace(`"${real.uid}"`, "[]")), undefined);
});

Deno.test("parseBundleEnvironment() reads what a container was started with", () => {
  const env = ["PATH=/bin", "TWO=two\nlines = 2", "EMPTY="];
  assert.deepEqual(parseBundleEnvironment(JSON.stringify({ process: { args: ["nginx"], env } })), env);
  for (const text of ["", "{}", "null", '{"process":7}', '{"process":{"env":"A=1"}}', '{"process":{"env":[1]}}']) {
    assert.deepEqual(parseBundleEnvironment(text), [], text);
  }
});
