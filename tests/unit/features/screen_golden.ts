import assert from "node:assert/strict";
import stringWidth from "string-width";
import type { Screen } from "../../../src/renderer.ts";
import { golden as compare } from "../golden.ts";

/** Compares with tests/testdata/renderers/NAME. */
export function golden(name: string, lines: readonly string[]): void {
  compare(`renderers/${name}`, lines.map((line) => `${line}\n`).join(""));
}

export function assertFits(lines: readonly string[], columns: number, rows: number): void {
  assert.ok(lines.length <= rows, `${lines.length} lines in ${rows} rows`);
  for (const line of lines) assert.ok(stringWidth(line) <= columns, `${stringWidth(line)} > ${columns}: ${line}`);
}

/** A screen that keeps what is written. */
export function memoryScreen(columns = Infinity, rows = Infinity, color = false, forProgram = false) {
  const written: string[] = [];
  const size = { columns, rows };
  const screen: Screen = {
    write: (text) => written.push(text),
    // A character a byte.
    writeBytes: (bytes) => written.push(String.fromCharCode(...bytes)),
    size: () => size,
    forProgram,
    color,
  };
  return { screen, written, size, text: () => written.join("") };
}
