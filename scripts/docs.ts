/** Writes the generated parts of the documentation, from the definitions that the program itself uses. */
import { asking, commands } from "../src/app.ts";
import { hasText } from "../src/cli/text.ts";
import { flags, permissions } from "../src/terminal/flags.ts";
import { globalOptions } from "../src/options.ts";
import { rightsTable } from "../src/rights/role.ts";
import { version } from "../src/version.ts";
import { commandRows, commandsPage, globalOptionRows } from "./pages/commands_page.ts";
import { eventsPage } from "./pages/events_page.ts";
import { exitCodeTexts } from "./pages/exit_codes.ts";
import { manPage } from "./pages/man_page.ts";
import { replacePart, table } from "./pages/markdown.ts";
import { eventSchema } from "./pages/schema.ts";

const schema = eventSchema();
const silent = Object.values(schema.definitions ?? {}).map(({ properties }) => properties?.["type"]?.const)
  .find((type) => typeof type === "string" && type !== "failed" && !hasText(type));
if (silent !== undefined) {
  console.error(`error: Event "${silent}" has no text`);
  console.error("hint: write text.ts beside its events.ts, and add it to textOfType in src/cli/text.ts");
  Deno.exit(1);
}
const parts: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "README.md": {
    commands: commandRows(commands),
    options: globalOptionRows(globalOptions),
    codes: table(["code", "meaning"], exitCodeTexts),
  },
  "docs/security.md": {
    rights: rightsTable(asking),
    permissions: table(["permission", "what for"], permissions.map(({ flag, why }) => [`\`${flag}\``, why])),
  },
  "docs/install.md": { install: installLines() },
};
const pages: Record<string, string> = {
  "docs/commands.md": commandsPage(commands, globalOptions),
  "docs/scope.1": manPage(commands, globalOptions, version),
  "docs/events.md": eventsPage(schema),
  "docs/events.schema.json": `${JSON.stringify(schema, null, 2)}\n`,
};
for (const [file, named] of Object.entries(parts)) {
  pages[file] = Object.entries(named).reduce(
    (page, [name, lines]) => replacePart(page, name, lines),
    Deno.readTextFileSync(file),
  );
}

const stale = Object.entries(pages).filter(([file, text]) => textOf(file) !== text);
if (Deno.args.includes("--check")) {
  if (stale.length > 0) {
    const names = stale.map(([file]) => file).join(", ");
    console.error(`error: Out of date: ${names}\nhint: run scripts/docs and commit the result`);
    Deno.exit(1);
  }
} else {
  for (const [file, text] of stale) Deno.writeTextFileSync(file, text);
}

/** Returns the command with which Deno installs the single file, as Markdown lines. */
function installLines(): string[] {
  const words = ["deno install --global --name scope", ...flags.map(({ flag }) => flag), `scope-${version}.js`];
  const lines = words.reduce<string[]>(
    ([last = "", ...before], word) =>
      `${last} ${word}`.length > 118
        ? [`  ${word}`, `${last} \\`, ...before]
        : [`${last} ${word}`.trimStart(), ...before],
    [],
  );
  return ["```sh", ...lines.toReversed(), "```"];
}

function textOf(file: string): string | undefined {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
