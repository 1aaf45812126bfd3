import assert from "node:assert/strict";

/** Compares with tests/testdata/FILE; UPDATE_GOLDEN=1 writes it instead, for the reviewer to look at. */
export function golden(file: string, text: string): void {
  const url = new URL(`../testdata/${file}`, import.meta.url);
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    Deno.mkdirSync(new URL(".", url), { recursive: true });
    Deno.writeTextFileSync(url, text);
  }
  assert.equal(text, Deno.readTextFileSync(url));
}
