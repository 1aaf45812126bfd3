import assert from "node:assert/strict";
import { brokenRules, circle, readInfo, roomOf, worldIn } from "./import_graph.ts";
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

function filesBelow(directory: string): string[] {
  return [...Deno.readDirSync(new URL(directory, root))].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${directory}${name}/`) : [`${directory}${name}`]
  );
}

const programs = await Promise.all(
  [
    ...["src/main.ts", "src/one_file.ts", "src/manager/server/manager.ts", "src/manager/server/files_worker.ts"],
    "src/helpers/tcp_ping.ts",
  ].map(importsOf),
);
const imports = programs.flat();
const sources = filesBelow("src/").filter((file) => file.endsWith(".ts"));

Deno.test("The sources keep the import rules", () => {
  assert.deepEqual(brokenRules(imports), []);
});

Deno.test("No imports are circular", () => {
  assert.equal(circle(imports), undefined);
});

Deno.test("Every source file belongs to one of the programs", () => {
  const used = new Set(imports.flatMap(({ from, to }) => [from, to]));
  assert.deepEqual(sources.filter((file) => !used.has(file)), []);
});

Deno.test("Only some rooms touch Deno, process and console", () => {
  const touches = ["cli", "connect", "features/completions", "features/files", "features/logs"];
  const rooms = [
    ...touches,
    "features/manage",
    "features/redirect",
    "helpers",
    "kube",
    "manager/server",
    "terminal",
    "src/start.ts",
    "warm",
  ];
  const touching = sources.flatMap((file) =>
    worldIn(Deno.readTextFileSync(new URL(file, root))).map((name) => `${file} uses ${name}`)
  );
  assert.deepEqual(touching.filter((line) => !rooms.includes(roomOf(line.split(" ")[0]!))), []);
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
  link("src/main.ts", "src/cli/main.ts", { dynamic: true }),
  link("src/version.ts", "deno.json"),
  link("src/cli/main.ts", "src/app.ts"),
  link("src/cli/main.ts", "src/kube/cluster.ts", { dynamic: true }),
  link("src/cli/main.ts", "src/kube/cluster.ts", { typeOnly: true }),
  link("src/kube/cluster.ts", "src/kube/library_api.ts", { dynamic: true }),
  link("src/kube/library_api.ts", "@kubernetes/client-node"),
  link("src/app.ts", "commander"),
  link("src/app.ts", "src/features/ping/command.ts"),
  link("src/features/ping/command.ts", "src/features/ping/tool.ts"),
  link("src/features/ping/tool.ts", "src/event.ts"),
  link("src/way.ts", "node:stream", { typeOnly: true }),
  link("src/manager/server/manager.ts", "src/version.ts"),
];

function link(from: string, to: string, { dynamic = false, typeOnly = false } = {}): Import {
  return { from, to, dynamic, typeOnly };
}

Deno.test("brokenRules() finds nothing in a program that keeps them", () => {
  assert.deepEqual(brokenRules(good), []);
});

const bad: [Import, RegExp][] = [
  [
    link("src/event.ts", "src/features/ping/tool.ts"),
    /^src\/event.ts imports src\/features\/ping\/tool.ts: a contract imports/,
  ],
  [link("src/event.ts", "src/connect/enter.ts", { typeOnly: true }), /a contract imports contracts and/],
  [link("src/event.ts", "lodash"), /a contract imports contracts and/],
  [link("src/event.ts", "node:os"), /a contract imports contracts and/],
  [link("src/storage.ts", "src/event.ts"), /^src\/storage.ts is at the top of src\/: only the ten contracts/],
  [link("src/features/hping/tool.ts", "src/features/ping/tool.ts"), /a feature imports no other one/],
  [link("src/features/ping/tool.ts", "src/cli/text.ts"), /features may not/],
  [link("src/text/style.ts", "src/terminal/terminal.ts"), /text may not/],
  [link("src/kube/pods.ts", "src/connect/enter.ts", { typeOnly: true }), /kube may not/],
  [link("src/connect/enter.ts", "src/features/ping/tool.ts", { dynamic: true }), /connect may not/],
  [link("src/manager/client/run_client.ts", "src/kube/pods.ts", { typeOnly: true }), /manager may not/],
  [link("src/manager/server/run.ts", "src/text/safe.ts"), /the server imports src\/manager\/protocol\/ and/],
  [link("src/connect/node.ts", "@kubernetes/client-node", { typeOnly: true }), /which only src\/kube\/ may/],
  [link("src/features/ping/command.ts", "commander"), /which only src\/app.ts may/],
  [link("src/cli/main.ts", "dotenv"), /which only src\/cli\/config.ts may/],
  [link("src/features/ping/graph.ts", "asciichart"), /which only src\/text\/line_chart.ts may/],
  [link("src/connect/target_client.ts", "@connectrpc/connect"), /which only src\/manager\//],
  [link("src/cli/main.ts", "chalk"), /cli may not/],
  [link("src/cli/main.ts", "src/manager/server/server.ts", { dynamic: true }), /src\/main.ts must not load .* ever/],
  [link("src/main.ts", "src/app.ts"), /src\/main.ts must not load commander at once/],
  [link("src/main.ts", "src/cli/main.ts"), /src\/main.ts must not load src\/app.ts at once/],
  [link("src/cli/main.ts", "src/kube/pods.ts"), /src\/cli\/main.ts must not load src\/kube\/pods.ts at once/],
  [
    link("src/features/ping/command.ts", "src/connect/enter.ts"),
    /src\/cli\/main.ts must not load src\/connect\/enter.ts/,
  ],
  [
    link("src/kube/cluster.ts", "src/kube/library_api.ts"),
    /src\/kube\/cluster.ts must not load @kubernetes\/client-node at once/,
  ],
  [link("src/manager/server/manager.ts", "src/kube/pods.ts", { dynamic: true }), /manager.ts must not load .* ever/],
  [link("src/version.ts", "src/cli/text.ts"), /src\/manager\/server\/manager.ts must not load src\/cli\/text.ts/],
];

for (const [wrong, words] of bad) {
  const how = wrong.typeOnly ? " for its types" : wrong.dynamic ? " later" : "";
  Deno.test(`brokenRules() finds that ${wrong.from} imports ${wrong.to}${how}`, () => {
    assert.match(brokenRules([...good, wrong]).join("\n"), new RegExp(words, "m"));
  });
}

Deno.test("circle() gives the path of a circle, over types as well, and leaves out what is loaded later", () => {
  assert.equal(circle(good), undefined);
  const back = link("src/event.ts", "src/kube/pods.ts", { typeOnly: true });
  const [there, on] = [
    link("src/kube/pods.ts", "src/lib/a.ts"),
    link("src/lib/a.ts", "src/event.ts"),
  ];
  assert.equal(circle([...good, back, there, on]), "src/event.ts → src/kube/pods.ts → src/lib/a.ts → src/event.ts");
  assert.equal(circle([...good, back, { ...there, dynamic: true }, on]), undefined);
});

Deno.test("worldIn() tells the world from comments, texts and variables of its names", () => {
  assert.deepEqual(worldIn("const { args } = Deno;"), ["Deno"]);
  assert.deepEqual(worldIn("x(process.env.HOME); console.log(1);"), ["process", "console"]);
  assert.deepEqual(worldIn(`// Deno.args\n/** console.log */\nconst a = "Deno process.env";`), []);
  assert.deepEqual(worldIn("all.map((process) => process.pid)"), []);
  assert.deepEqual(worldIn("event.process.pid"), []);
});
