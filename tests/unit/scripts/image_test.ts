import assert from "node:assert/strict";
import { fullNames, tlsOption } from "../../../scripts/src/image/arguments.ts";
import { removeOldArchives } from "../../../scripts/src/image/build.ts";
import { trixieDeb822, trixieLines } from "../../../scripts/src/image/debian_sources.ts";
import { withImage } from "../../../scripts/src/image/publish.ts";
import { filesBelow } from "../../../scripts/src/lib/files.ts";
import { TemporaryDirectory } from "../../../scripts/src/lib/temporary.ts";

Deno.test("base images get their full names", () => {
  const dockerfile = "ARG DEBIAN=docker.io/debian:trixie\nARG DENO=denoland/deno:1\nARG OTHER=x\nFROM ${DEBIAN}\n";
  assert.deepEqual(fullNames(dockerfile), [
    ...["--build-arg", "DEBIAN=docker://docker.io/debian:trixie"],
    ...["--build-arg", "DENO=docker://denoland/deno:1"],
  ]);
});

Deno.test("only a registry on this machine is used without TLS", () => {
  assert.equal(tlsOption("localhost:5000/scope:1"), "--tls-verify=false");
  assert.equal(tlsOption("127.0.0.1/scope:1"), "--tls-verify=false");
  assert.equal(tlsOption("localhost.example.com/scope:1"), "--tls-verify=true");
});

Deno.test("package sources of another release become those of trixie", () => {
  assert.equal(
    trixieDeb822("Types: deb\nURIs: http://deb.example.com/bookworm\nSuites: bookworm bookworm-updates\n"),
    "Types: deb\nURIs: http://deb.example.com/bookworm\nSuites: trixie trixie-updates\n",
  );
  const lines = [
    "# deb http://deb.example.com/debian sid main",
    "deb [signed-by=/usr/share/keyrings/a.gpg] http://deb.example.com/debian bookworm-backports main",
    "deb http://deb.example.com/debian bullseye main contrib",
    "deb http://security.example.com buster/updates main",
    "deb-src http://deb.example.com/debian bookworm main",
  ];
  assert.deepEqual(trixieLines(lines.join("\n")).split("\n"), [
    "deb [signed-by=/usr/share/keyrings/a.gpg] http://deb.example.com/debian trixie-backports main",
    "deb http://deb.example.com/debian trixie main contrib",
    "deb http://security.example.com trixie-security main",
    "",
  ]);
});

Deno.test("only SCOPE_IMAGE changes in the file of variables", () => {
  assert.equal(withImage("", "r/i:1"), "SCOPE_IMAGE=r/i:1\n");
  const before = "# mine\n\nSCOPE_IMAGE=old\nSCOPE_NAMESPACE=shop";
  assert.equal(withImage(before, "r/i:1"), "# mine\n\nSCOPE_NAMESPACE=shop\nSCOPE_IMAGE=r/i:1\n");
});

Deno.test("the newest three images are kept", () => {
  using directory = new TemporaryDirectory();
  for (const [age, name] of ["endoscope-d", "endoscope-a", "endoscope-c", "endoscope-b", "trixie"].entries()) {
    const file = `${directory.path}/${name}.tar`, time = Date.now() / 1000 - age * 60;
    Deno.writeTextFileSync(file, "");
    Deno.utimeSync(file, time, time);
  }
  removeOldArchives(directory.path);
  const kept = ["endoscope-a.tar", "endoscope-c.tar", "endoscope-d.tar", "trixie.tar"];
  assert.deepEqual(filesBelow(directory.path), kept);
});
