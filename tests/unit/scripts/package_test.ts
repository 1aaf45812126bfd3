import assert from "node:assert/strict";
import { TemporaryDirectory } from "../../../scripts/src/lib/temporary.ts";
import { bakeImage } from "../../../scripts/src/package/bake.ts";
import { manifest } from "../../../scripts/src/package/krew.ts";
import { denoPackage, platforms } from "../../../scripts/src/package/platforms.ts";
import { fill, fillTemplate } from "../../../scripts/src/package/template.ts";

Deno.test("words of a template are filled in", () => {
  assert.equal(fill("@A@ @B@ @A@ @C@", { A: "$&", B: "|" }), "$& | $& @C@");
});

Deno.test("krew's manifest tells of SCOPE_IMAGE only without a packaged image", () => {
  const template = fillTemplate("krew/scope.yaml", { VERSION: "1.2.3" });
  assert.match(manifest(template, undefined), /^apiVersion: [^]* SCOPE_IMAGE=\S+:1\.2\.3\n/);
  const short = manifest(template, "registry.example.com/scope:1");
  assert.doesNotMatch(short, /SCOPE_IMAGE|Tell scope where/);
  assert.match(short, /caveats: \|\n +To see what you may do/);
});

Deno.test("the image's name is written into the bundle, which must have a place for it", () => {
  using directory = new TemporaryDirectory();
  const [one = "", other = ""] = ["one.js", "other.js"].map((name) => `${directory.path}/${name}`);
  Deno.writeTextFileSync(one, 'const image="@packaged-image@";');
  Deno.writeTextFileSync(other, "");
  bakeImage([one, other], undefined);
  bakeImage([one, other], "r/i:1");
  assert.equal(Deno.readTextFileSync(one), 'const image="r/i:1";');
  assert.throws(() => bakeImage([one, other], "r/i:2"), /Cannot find the place of the image's name/);
});

Deno.test("an unknown platform is told with those that there are", () => {
  assert.deepEqual(platforms.map(denoPackage), ["linux-x64-glibc", "linux-arm64-glibc", "darwin-x64", "darwin-arm64"]);
  assert.throws(() => denoPackage("plan9-386"), { code: 64, hint: `it is one of ${platforms.join(", ")}` });
});
