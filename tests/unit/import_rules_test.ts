import assert from "node:assert/strict";
import { brokenRules, layerOf, loadedWith, readInfo, worldIn } from "./import_graph.ts";
import type { Import } from "./import_graph.ts";

const root = new URL("../../", import.meta.url);

async function importsOf(program: string): Promise<Import[]> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", program],
    cwd: root,
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return readInfo(new TextDecoder().decode(stdout), root.href);
}

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}${name}/`) : [`${folder}${name}`]
  );
}

const programs = await Promise.all(
  [
    ...["src/main.ts", "src/one_file.ts", "src/manager/manager.ts", "src/manager/files_worker.ts"],
    "src/helpers/tcp_ping.ts",
  ].map(importsOf),
);
const imports = programs.flat();
const sources = filesBelow("src/").filter((file) => file.endsWith(".ts"));

Deno.test("The sources keep the import rules", () => {
  assert.deepEqual(brokenRules(imports), []);
});

Deno.test("Every source file belongs to one of the programs", () => {
  const used = new Set(imports.flatMap(({ from, to }) => [from, to]));
  assert.deepEqual(sources.filter((file) => !used.has(file)), []);
});

Deno.test("Only the edge, the manager's server side and the image's helpers touch Deno, process and console", () => {
  const server = new Set(["src/manager/manager.ts", "src/manager/files_worker.ts"].flatMap((program) => [
    ...loadedWith(imports, program, { dynamic: true }),
  ]));
  const clients = new Set([
    "src/manager/client.ts",
    "src/manager/forward.ts",
    "src/manager/run_client.ts",
    "src/manager/transport.ts",
  ]);
  const mayTouch = (file: string) =>
    file === "src/start.ts" || ["edge", "helpers"].includes(layerOf(file)) ||
    (layerOf(file) === "manager" && server.has(file) && !clients.has(file));
  const touching = sources.flatMap((file) =>
    worldIn(Deno.readTextFileSync(new URL(file, root))).map((name) => `${file} uses ${name}`)
  );
  assert.deepEqual(touching.filter((line) => !mayTouch(line.split(" ")[0]!)), []);
  assert.ok(touching.includes("src/start.ts uses Deno"), "the search finds what there is");
});

Deno.test("Files are named in snake_case and export nothing by default", () => {
  const files = [...sources, ...filesBelow("tests/").filter((file) => file.endsWith(".ts"))];
  const wrongNames = files.filter((file) => !/^[a-z0-9]+(_[a-z0-9]+)*\.ts$/.test(file.split("/").at(-1)!));
  assert.deepEqual(wrongNames, []);
  const defaults = files.filter((file) =>
    /^export default\b|^export \{[^}]*\bas default\b/m.test(Deno.readTextFileSync(new URL(file, root)))
  );
  assert.deepEqual(defaults, []);
});

/** A small program that keeps the rules. */
const good: Import[] = [
  link("src/main.ts", "src/start.ts"),
  link("src/start.ts", "src/version.ts"),
  link("src/main.ts", "src/edge/main.ts", { dynamic: true }),
  link("src/version.ts", "deno.json"),
  link("src/edge/main.ts", "src/app.ts"),
  link("src/edge/main.ts", "src/kube/cluster.ts", { dynamic: true }),
  link("src/edge/main.ts", "src/kube/cluster.ts", { typeOnly: true }),
  link("src/kube/cluster.ts", "@kubernetes/client-node"),
  link("src/app.ts", "commander"),
  link("src/app.ts", "src/commands/ping.ts"),
  link("src/commands/ping.ts", "src/tools/ping.ts"),
  link("src/tools/ping.ts", "src/event.ts"),
  link("src/way.ts", "node:stream", { typeOnly: true }),
  link("src/manager/manager.ts", "src/version.ts"),
];

function link(from: string, to: string, { dynamic = false, typeOnly = false } = {}): Import {
  return { from, to, dynamic, typeOnly };
}

Deno.test("brokenRules() finds nothing in a program that keeps them", () => {
  assert.deepEqual(brokenRules(good), []);
});

const bad: [Import, RegExp][] = [
  [link("src/event.ts", "src/tools/ping.ts"), /^src\/event.ts imports src\/tools\/ping.ts: contract may not$/],
  [link("src/event.ts", "src/kube/pods.ts", { typeOnly: true }), /contract may not/],
  [link("src/event.ts", "lodash"), /contracts import contracts only/],
  [link("src/event.ts", "node:os"), /contracts import contracts only/],
  [link("src/tools/ping.ts", "src/renderers/text.ts"), /tools may not/],
  [link("src/renderers/text.ts", "src/tools/ping.ts"), /renderers may not/],
  [link("src/renderers/text.ts", "src/edge/terminal.ts"), /renderers may not/],
  [link("src/commands/ping.ts", "src/kube/pods.ts", { typeOnly: true }), /commands may not/],
  [link("src/commands/ping.ts", "src/ways/node.ts", { dynamic: true }), /commands may not/],
  [link("src/commands/ping.ts", "src/manager/client.ts"), /commands may not/],
  [link("src/commands/ping.ts", "src/edge/context.ts"), /commands may not/],
  [link("src/ways/node.ts", "@kubernetes/client-node", { typeOnly: true }), /which only src\/kube\/ may/],
  [link("src/commands/ping.ts", "commander"), /which only src\/app.ts may/],
  [link("src/edge/main.ts", "dotenv"), /which only src\/edge\/config.ts may/],
  [link("src/renderers/graph.ts", "asciichart"), /which only src\/renderers\/line_chart.ts may/],
  [link("src/edge/beside.ts", "@connectrpc/connect"), /which only src\/manager\//],
  [link("src/edge/main.ts", "chalk"), /edge may not/],
  [link("src/edge/main.ts", "src/manager/server.ts", { dynamic: true }), /src\/main.ts must not load .* ever/],
  [link("src/main.ts", "src/app.ts"), /src\/main.ts must not load commander at once/],
  [link("src/main.ts", "src/edge/main.ts"), /src\/main.ts must not load src\/app.ts at once/],
  [link("src/edge/main.ts", "src/kube/pods.ts"), /src\/edge\/main.ts must not load src\/kube\/pods.ts at once/],
  [
    link("src/edge/main.ts", "src/kube/cluster.ts"),
    /src\/edge\/main.ts must not load @kubernetes\/client-node at once/,
  ],
  [link("src/manager/manager.ts", "src/kube/pods.ts", { dynamic: true }), /manager.ts must not load .* ever/],
  [link("src/version.ts", "src/renderers/text.ts"), /src\/manager\/manager.ts must not load src\/renderers\/text.ts/],
];

for (const [wrong, words] of bad) {
  const how = wrong.typeOnly ? " for its types" : wrong.dynamic ? " later" : "";
  Deno.test(`brokenRules() finds that ${wrong.from} imports ${wrong.to}${how}`, () => {
    assert.match(brokenRules([...good, wrong]).join("\n"), new RegExp(words, "m"));
  });
}

Deno.test("worldIn() tells the world from comments, texts and variables of its names", () => {
  assert.deepEqual(worldIn("const { args } = Deno;"), ["Deno"]);
  assert.deepEqual(worldIn("x(process.env.HOME); console.log(1);"), ["process", "console"]);
  assert.deepEqual(worldIn(`// Deno.args\n/** console.log */\nconst a = "Deno process.env";`), []);
  assert.deepEqual(worldIn("all.map((process) => process.pid)"), []);
  assert.deepEqual(worldIn("event.process.pid"), []);
});
