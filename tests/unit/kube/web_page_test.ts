import assert from "node:assert/strict";
import { pageTitle } from "../../../src/kube/web_page.ts";

Deno.test("pageTitle() is the title of a web page, and undefined for all else", () => {
  for (
    const [text, title] of [
      ["<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>…", "502 Bad Gateway"],
      ["\n<!doctype HTML><head><Title lang=en>\n  Sign \n in</Title>", "Sign in"],
      ['<?xml version="1.0"?>\n<!-- a\n comment --> <html xmlns="x"><title>Log in</title>', "Log in"],
      ["<html><body>no title</body></html>", ""],
      ["<body>", ""],
      [`<title>${"x".repeat(200)}</title>`, "x".repeat(100)],
      ["404 page not found\n", undefined],
      ['{"message": "<html>"}', undefined],
      ["a log line with <html> in it", undefined],
      ["<htmlish>", undefined],
      ["", undefined],
    ] as const
  ) assert.equal(pageTitle(text), title, text);
});
