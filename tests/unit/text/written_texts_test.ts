import assert from "node:assert/strict";
import { helpWidth, writtenText } from "../../../src/text/written_texts.ts";

// [columns of the terminal, width of help]
const widths: [number | undefined, number][] = [[undefined, 80], [79, 79], [80, 80], [119, 80], [120, 120], [300, 120]];

for (const [columns, width] of widths) {
  Deno.test(`helpWidth() of ${columns ?? "no"} columns is ${width}`, () => assert.equal(helpWidth(columns), width));
}

const usual = { columns: undefined as number | undefined, calledAs: undefined as string | undefined };

// [command line, terminal and name, file]
const files: [string, Partial<typeof usual>, string | undefined][] = [
  ["--help", {}, "texts/scope/80/scope.txt"],
  ["-h", {}, "texts/scope/80/scope.txt"],
  ["help", {}, "texts/scope/80/scope.txt"],
  ["ping --help", {}, "texts/scope/80/ping.txt"],
  ["ping -h", { columns: 150 }, "texts/scope/120/ping.txt"],
  ["help ping", { calledAs: "kubectl scope" }, "texts/kubectl_scope/80/ping.txt"],
  ["help ping", { calledAs: "../../x" }, "texts/scope/80/ping.txt"],
  ["completions bash", { columns: 20 }, "texts/completions/bash.txt"],
  ["completions --help", {}, "texts/scope/80/completions.txt"],
  // Made by the program.
  ["ping --help", { columns: 79 }, undefined],
  ["", {}, undefined],
  ["ping", {}, undefined],
  ["help help", {}, undefined],
  ["help --help", {}, undefined],
  ["--help ping", {}, undefined],
  ["--help --help", {}, undefined],
  ["ping --help --verbose", {}, undefined],
  ["ping web", {}, undefined],
  ["../ping --help", {}, undefined],
  ["completions", {}, undefined],
  ["completions bash zsh", {}, undefined],
];

for (const [line, more, file] of files) {
  Deno.test(`writtenText() of "${line}" with ${JSON.stringify(more)} is ${file ?? "none"}`, () => {
    const { columns, calledAs } = { ...usual, ...more };
    assert.equal(writtenText(line === "" ? [] : line.split(" "), columns, calledAs), file);
  });
}
