import assert from "node:assert/strict";
import { closureOf, parseInstalled } from "../../programs/closure.ts";

/** Lines as dpkg-query prints them, with its own versions and alternatives. */
const listing = [
  "ii \tbash\tyes\tlibc6 (>= 2.36), libtinfo6 (>= 6)\tbase-files (>= 2.1.12), debianutils (>= 5.6-0.1)\t",
  "ii \tdebianutils\tyes\t\t\t",
  "ii \tlibc6\tno\t\tlibgcc-s1\t",
  "ii \tbuildah\tno\t\tcrun | runc, uidmap, conmon:any (>= 2.0)\t",
  "ii \trunc\tno\t\tlibc6 (>= 2.34)\t",
  "ii \tuidmap\tno\t\tdefault-editor\t",
  "ii \tconmon\tno\t\t\t",
  "ii \tvim-tiny\tno\t\t\tdefault-editor, vi (= 9)",
  "rc \tcrun\tno\t\t\t",
  "ii \tsocat\tno\t\tlibc6 (>= 2.34)\t",
  "",
].join("\n");

Deno.test("parseInstalled() reads what is installed, without versions and architectures", () => {
  const installed = parseInstalled(listing);
  assert.ok(!installed.some(({ name }) => name === "crun"), "only its configuration is left");
  assert.deepEqual(installed.find(({ name }) => name === "buildah"), {
    name: "buildah",
    essential: false,
    depends: [["crun", "runc"], ["uidmap"], ["conmon"]],
    provides: [],
  });
});

Deno.test("closureOf() is what is wanted, what every system has, and all that these need", () => {
  const essential = ["bash", "debianutils", "libc6"];
  assert.deepEqual(closureOf(parseInstalled(listing), []), essential);
  assert.deepEqual(closureOf(parseInstalled(listing), ["buildah", "not-installed"]), [
    ...["bash", "buildah", "conmon", "debianutils", "libc6", "runc", "uidmap", "vim-tiny"],
  ]);
});
