import assert from "node:assert/strict";
import { commands, parse } from "../../src/app.ts";

const root = new URL("../../", import.meta.url);

function pagesBelow(directory: string): string[] {
  return [...Deno.readDirSync(new URL(directory, root))].flatMap(({ name, isDirectory }) =>
    isDirectory ? pagesBelow(`${directory}${name}/`) : name.endsWith(".md") ? [`${directory}${name}`] : []
  );
}

/** Words of a command line, as far as the pages need a shell's rules. */
const wordsOf = (line: string) =>
  [...line.matchAll(/'[^']*'|"[^"]*"|[^\s'"]+/g)].map(([word]) => word.replaceAll(/^['"]|['"]$/g, ""));

/** The command lines of scope in an indented or console block; what stands behind a pipe, a comment or the like is not its. */
function linesOf(page: string): string[] {
  const text = Deno.readTextFileSync(new URL(page, root));
  return [...text.matchAll(/^(?: {4}|\$ )(?:\$ )?(?:scripts\/)?(scope .*)$/gm)]
    .map(([, line]) => line!.replace(/ +#.*$| *(?:\|\|?|&|;|2?>) .*$/, "").replace(/ 2>\S+$/, ""))
    .filter((line) => !/[[\]…]|COMMAND/.test(line));
}

const lines = ["README.md", ...pagesBelow("docs/")].flatMap((page) =>
  linesOf(page).map((line) => [page, line] as const)
);

Deno.test("Every command line in the documentation is one that scope understands", () => {
  assert.ok(lines.length > 40, `${lines.length}`);
  const quiet = { out() {}, err() {} };
  for (const [page, line] of lines) {
    assert.doesNotThrow(() => parse(wordsOf(line).slice(1), quiet), `${page}: ${line}`);
  }
});

Deno.test("Every command and option is one that the documentation tells of", () => {
  const page = Deno.readTextFileSync(new URL("docs/commands.md", root));
  for (const { name, hidden, options = [] } of commands.filter(({ hidden }) => !hidden)) {
    assert.ok(page.includes(`\n## ${name}\n`), `${name} ${hidden}`);
    for (const { flags } of options.filter(({ hidden }) => !hidden)) {
      assert.ok(page.includes(`| \`${flags}\` |`), flags);
    }
  }
});

Deno.test("Links between the pages lead to files and headings that are there", () => {
  const broken = ["README.md", ...pagesBelow("docs/")].flatMap((page) => {
    const text = Deno.readTextFileSync(new URL(page, root));
    return [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].filter(([, file = "", heading]) => {
      const to = new URL(file === "" ? page : file, new URL(page, root));
      const target = file === "" ? new URL(page, root) : to;
      try {
        if (heading === undefined) return Deno.statSync(target) === undefined;
        const headings = [...Deno.readTextFileSync(target).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
          anchorOf(title!)
        );
        return !headings.includes(heading);
      } catch {
        return true;
      }
    }).map(([link]) => `${page}: ${link}`);
  });
  assert.deepEqual(broken, []);
});

/** Returns the anchor of a heading. */
const anchorOf = (title: string) =>
  title.toLowerCase().replaceAll(/[^\p{L}\p{N}\s-]/gu, "").trim().replaceAll(/\s/g, "-");
