import assert from "node:assert/strict";
import { commands, parse } from "../../src/app.ts";
import { ScopeError } from "../../src/errors.ts";
import type { RawOptions } from "../../src/options.ts";
import { version } from "../../src/version.ts";
import { golden } from "./golden.ts";
import { scope } from "./scope.ts";

interface Read {
  command: string;
  globals: RawOptions;
  options: RawOptions;
  args: readonly string[];
}

function read(argv: readonly string[]): { read: Read | undefined; out: string; err: string } {
  let out = "", err = "";
  const invocation = parse(argv, { out: (text) => out += text, err: (text) => err += text });
  if (invocation === undefined) return { read: undefined, out, err };
  const { command, globals, options, args } = invocation;
  return { read: { command: command.name, globals: { ...globals }, options, args }, out, err };
}

/** Splits a command line as a shell does, without its expansions. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare!);
}

/** The first part is the program's name, which the user chooses. */
const programs = [/^scope /, /^kubectl diag /, /^go run \. /];

function withoutProgram(line: string): string[] {
  const program = programs.find((program) => program.test(line));
  assert.ok(program, `no program in ${line}`);
  return words(line.replace(program, ""));
}

// Command lines from the documentation of the predecessors of scope.
const printed: [string, Read][] = [
  ["scope -n NAMESPACE -p SRC-POD ping -c0 -a -g", {
    command: "ping",
    globals: { namespace: "NAMESPACE", pod: "SRC-POD" },
    options: { count: "0", all: true, graph: true },
    args: [],
  }],
  ["scope -n NAMESPACE -p SRC-POD shell", {
    command: "shell",
    globals: { namespace: "NAMESPACE", pod: "SRC-POD" },
    options: {},
    args: [],
  }],
  ["scope -n NAMESPACE -p SRC-POD shell ip address", {
    command: "shell",
    globals: { namespace: "NAMESPACE", pod: "SRC-POD" },
    options: {},
    args: ["ip", "address"],
  }],
  ["scope -n NAMESPACE -p SRC-POD launch", {
    command: "launch",
    globals: { namespace: "NAMESPACE", pod: "SRC-POD" },
    options: {},
    args: [],
  }],
  ["scope -n NAMESPACE -p all cleanup", {
    command: "cleanup",
    globals: { namespace: "NAMESPACE", pod: "all" },
    options: {},
    args: [],
  }],
  ["scope -n NAMESPACE -p POD cleanup", {
    command: "cleanup",
    globals: { namespace: "NAMESPACE", pod: "POD" },
    options: {},
    args: [],
  }],
  ["scope -n NAMESPACE -p POD pids", {
    command: "pids",
    globals: { namespace: "NAMESPACE", pod: "POD" },
    options: {},
    args: [],
  }],
  ["kubectl diag shell --pod mypod", { command: "shell", globals: { pod: "mypod" }, options: {}, args: [] }],
  ["kubectl diag redir --pod mypod 8080:8089", {
    command: "redir",
    globals: { pod: "mypod" },
    options: {},
    args: ["8080:8089"],
  }],
  ["kubectl diag redir --pod mypod", { command: "redir", globals: { pod: "mypod" }, options: {}, args: [] }],
  ["kubectl diag redir --pod mypod 8080:8080 --outgoing", {
    command: "redir",
    globals: { pod: "mypod" },
    options: { outgoing: true },
    args: ["8080:8080"],
  }],
  ["kubectl diag -l app=productpage -n bookinfo redirect --outgoing 15010 15012 15014", {
    command: "redir",
    globals: { selector: "app=productpage", namespace: "bookinfo" },
    options: { outgoing: true },
    args: ["15010", "15012", "15014"],
  }],
  ["go run . -l app=istiod -n istio-system --dbg-image ${IMG} --pull-policy=Always manage", {
    command: "manage",
    globals: { selector: "app=istiod", namespace: "istio-system", dbgImage: "${IMG}", pullPolicy: "Always" },
    options: {},
    args: [],
  }],
  ["go run . shell -l app=curl", { command: "shell", globals: { selector: "app=curl" }, options: {}, args: [] }],
];

for (const [line, expected] of printed) {
  Deno.test(`parse() reads "${line}" as printed`, () => {
    assert.deepEqual(read(withoutProgram(line)).read, expected);
  });
}

// [command line, command, global options, options of the command, arguments]
const lines: [string, string, RawOptions, RawOptions, string[]][] = [
  // The global options of the predecessors, each in both forms.
  ["-i IMAGE pids", "pids", { image: "IMAGE" }, {}, []],
  ["--image IMAGE pids", "pids", { image: "IMAGE" }, {}, []],
  ["--namespace NS --pod POD pids", "pids", { namespace: "NS", pod: "POD" }, {}, []],
  ["-c REGCRED -t pids", "pids", { regcred: "REGCRED", terminate: true }, {}, []],
  ["--regcred REGCRED --terminate pids", "pids", { regcred: "REGCRED", terminate: true }, {}, []],
  ['--regcred "" pids', "pids", { regcred: "" }, {}, []],
  ['-c "" pids', "pids", { regcred: "" }, {}, []],
  [
    "-l app=istiod -n istio-system --dbg-image IMG --pull-policy=Always pids",
    "pids",
    {
      selector: "app=istiod",
      namespace: "istio-system",
      dbgImage: "IMG",
      pullPolicy: "Always",
    },
    {},
    [],
  ],
  // Global options after the command.
  ["pids -n NS -p POD", "pids", { namespace: "NS", pod: "POD" }, {}, []],
  [
    "ping --namespace NS --pod POD --image IMAGE --regcred '' -a",
    "ping",
    {
      namespace: "NS",
      pod: "POD",
      image: "IMAGE",
      regcred: "",
    },
    { all: true },
    [],
  ],
  ["launch -t --pull-policy Never -o json", "launch", { terminate: true, pullPolicy: "Never", output: "json" }, {}, []],
  ["-n before pids -n after", "pids", { namespace: "after" }, {}, []],
  ["-n before -p POD pids -n after", "pids", { namespace: "after", pod: "POD" }, {}, []],
  ["ping -t -v web", "ping", { terminate: true, verbose: true }, {}, ["web"]],
  // After the command, its own letters take precedence.
  ["-c CRED -i IMAGE ping -c 3 -i 0.2 web", "ping", { regcred: "CRED", image: "IMAGE" }, {
    count: "3",
    interval: "0.2",
  }, [
    "web",
  ]],
  ["-p POD cleanup -p all", "cleanup", { pod: "POD" }, { pod: "all" }, []],
  ["cleanup --pod all", "cleanup", {}, { pod: "all" }, []],
  ["cleanup -A", "cleanup", {}, { allNamespaces: true }, []],
  ["list -A -n NS", "list", { namespace: "NS" }, { allNamespaces: true }, []],
  ["-t shell -t main", "shell", { terminate: true }, { target: "main" }, []],
  ["shell --target main --terminate", "shell", { terminate: true }, { target: "main" }, []],
  // Values that look like options, and groups of letters.
  ["ping -c -1 web", "ping", {}, { count: "-1" }, ["web"]],
  ["ping -c abc web", "ping", {}, { count: "abc" }, ["web"]],
  ["ping -c0 web", "ping", {}, { count: "0" }, ["web"]],
  ["ping -ag", "ping", {}, { all: true, graph: true }, []],
  ["ping -agc3", "ping", {}, { all: true, graph: true, count: "3" }, []],
  ["ping -46 a b", "ping", {}, { ipv4: true, ipv6: true }, ["a", "b"]],
  ["ping -d POD -N NS", "ping", {}, { destPod: ["POD"], destNamespace: "NS" }, []],
  ["ping --dest-pod=POD --dest-namespace=NS --count=1 --interval=2 --graph --all", "ping", {}, {
    destPod: ["POD"],
    destNamespace: "NS",
    count: "1",
    interval: "2",
    graph: true,
    all: true,
  }, []],
  ["ping a -c 2 b", "ping", {}, { count: "2" }, ["a", "b"]],
  ["ping -- -x", "ping", {}, {}, ["-x"]],
  // Arguments of a shell's command are not options of scope.
  ["shell ls -l", "shell", {}, {}, ["ls", "-l"]],
  ["shell -t x -- ls -l", "shell", {}, { target: "x" }, ["ls", "-l"]],
  ["shell -- -odd", "shell", {}, {}, ["-odd"]],
  ["-p POD shell -n NS ping -n 1 --help", "shell", { pod: "POD", namespace: "NS" }, {}, ["ping", "-n", "1", "--help"]],
  ["-i SCOPE -p web copy --image APP --command sleep 9 --name mine", "copy", { image: "SCOPE", pod: "web" }, {
    image: "APP",
    command: ["sleep", "9"],
    name: "mine",
  }, []],
  ["copy --share-processes --any-node -- sh -c 'a; b' --name x", "copy", {}, {
    shareProcesses: true,
    anyNode: true,
  }, ["sh", "-c", "a; b", "--name", "x"]],
  ["-n NS node node1", "node", { namespace: "NS" }, {}, ["node1"]],
  ["node -t node1 ls -t ''", "node", { terminate: true }, {}, ["node1", "ls", "-t", ""]],
  ["node node1 -- ls", "node", {}, {}, ["node1", "--", "ls"]],
  ['shell sh -c "a  b"', "shell", {}, {}, ["sh", "-c", "a  b"]],
  ["shell cat -- -file", "shell", {}, {}, ["cat", "--", "-file"]],
];

for (const [line, command, globals, options, args] of lines) {
  Deno.test(`parse() reads "${line}"`, () => {
    assert.deepEqual(read(words(line)).read, { command, globals, options, args });
  });
}

const refused: [string, string, string | RegExp][] = [
  ["", "No command specified", /--help/],
  ["pnig", 'Unknown command "pnig"', "did you mean ping?"],
  ["shel", 'Unknown command "shel"', "did you mean shell?"],
  ["quux", 'Unknown command "quux"', /--help/],
  ["ping --coutn 3", 'Unknown option "--coutn"', "did you mean --count?"],
  ["--namspace x pids", 'Unknown option "--namspace"', "did you mean --namespace?"],
  ["ping -x", 'Unknown option "-x"', /--help/],
  ["-p", "Option --pod needs a value", /leave the option out/],
  ["ping -c", "Option --count needs a value", /leave the option out/],
  ["ping --env-file", "Option --env-file needs a value", /leave the option out/],
  ["list web", 'Command "list" takes no arguments, got "web"', "scope list --help says what it takes"],
  ["pids web api", 'Command "pids" takes no arguments, got "web" "api"', /pids --help/],
  ["node", "No node specified", /give it after/],
  ["ping --graph=3", 'Unknown option "--graph=3"', "did you mean --graph?"],
];

for (const [line, message, hint] of refused) {
  Deno.test(`parse() refuses "${line}"`, () => {
    assert.throws(() => read(words(line)), (error) => {
      assert.ok(error instanceof ScopeError);
      assert.equal(error.kind, "usage");
      assert.match(error.message, asPattern(message));
      assert.match(error.hint ?? "", asPattern(hint));
      return true;
    });
  });
}

function asPattern(text: string | RegExp): RegExp {
  return typeof text === "string" ? new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`) : text;
}

Deno.test("parse() answers --version by itself", () => {
  for (const flag of ["--version", "-V"]) {
    assert.deepEqual(read([flag]), { read: undefined, out: `scope ${version}\n`, err: "" });
  }
});

Deno.test("parse() answers --help, -h and help by itself, on stdout", () => {
  for (const argv of [["--help"], ["-h"], ["help"], ["help", "ping"], ["ping", "--help"], ["-n", "x", "shell", "-h"]]) {
    const { read: invocation, out, err } = read(argv);
    assert.equal(invocation, undefined, argv.join(" "));
    assert.match(out, /^Usage: scope /, argv.join(" "));
    assert.equal(err, "");
  }
});

Deno.test("parse() offers every command that is not hidden in the help, with its examples as they can be typed", () => {
  for (const command of commands) {
    assert.equal(new RegExp(`^  ${command.name}[ |]`, "m").test(read(["--help"]).out), !command.hidden, command.name);
    for (const [example] of command.examples) {
      assert.equal(read(withoutProgram(example.replace(/ [>|].*$/, ""))).read?.command, command.name, example);
    }
  }
});

Deno.test("scope --help and that of every command are as reviewed", async () => {
  const all = [[], ...commands.map(({ name }) => [name])];
  const texts = await Promise.all(all.map(async (command) => {
    const { code, stdout, stderr } = await scope([...command, "--help"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    return `$ ${["scope", ...command, "--help"].join(" ")}\n${stdout}`;
  }));
  golden("help/help.txt", texts.join("\n"));
});

Deno.test("scope --version prints just that", async () => {
  assert.deepEqual(await scope(["--version"]), { code: 0, stdout: `scope ${version}\n`, stderr: "" });
});

Deno.test("scope says mistakes on stderr, in one line with a hint, and exits with 64", async () => {
  assert.deepEqual(await scope(["pnig"]), {
    code: 64,
    stdout: "",
    stderr: 'error: Unknown command "pnig"\nhint: did you mean ping?\n',
  });
});
