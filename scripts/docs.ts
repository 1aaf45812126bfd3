/** Writes the tables of README.md from the definitions that the program itself uses, between their markers. */
import { commands } from "../src/app.ts";
import { globalOptions } from "../src/options.ts";

const readme = Deno.readTextFileSync("README.md");
const cell = (text: string) => text.replaceAll("|", "\\|");
const usage = (name: string, args?: string) => `\`${name}${args === undefined ? "" : ` ${args}`}\``;

const tables: Record<string, string[]> = {
  commands: [
    "| command | does | options |",
    "|---|---|---|",
    ...commands.filter(({ hidden }) => !hidden).map(({ name, arguments: args, summary, options = [] }) => {
      const own = options.map(({ flags, description }) => `\`${flags}\` ${description}`).join("<br>");
      return `| ${usage(name, args)} | ${cell(summary)} | ${cell(own)} |`;
    }),
  ],
  options: [
    "| option | environment | meaning |",
    "|---|---|---|",
    ...globalOptions.filter(({ hidden }) => !hidden).map(({ flags, variable, description }) =>
      `| \`${flags}\` | ${variable === undefined ? "" : `\`${variable}\``} | ${cell(description)} |`
    ),
  ],
};

let fresh = readme;
for (const [name, lines] of Object.entries(tables)) {
  const part = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- end -->)`);
  fresh = fresh.replace(part, (_whole, open, close) => `${open}${lines.join("\n")}\n${close}`);
}
if (Deno.args.includes("--check")) {
  if (fresh !== readme) {
    console.error("error: The tables in README.md are out of date\nhint: run scripts/docs and commit the result");
    Deno.exit(1);
  }
} else {
  Deno.writeTextFileSync("README.md", fresh);
}
