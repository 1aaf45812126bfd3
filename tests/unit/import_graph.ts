/** The import graph of a program, as `deno info --json` tells it, and the rules that it must keep. */

export interface Import {
  from: string;
  to: string;
  /** By `await import()`. */
  dynamic: boolean;
  /** Erased before the program runs. */
  typeOnly: boolean;
}

interface Info {
  modules: {
    specifier: string;
    error?: string;
    dependencies?: {
      specifier: string;
      isDynamic?: boolean;
      code?: { specifier?: string; error?: string };
      type?: { specifier?: string; error?: string };
    }[];
  }[];
}

/** Reads what `deno info --json` printed. Files are named from `root` on, packages by their bare names. */
export function readInfo(json: string, root: string): Import[] {
  const { modules } = JSON.parse(json) as Info;
  const name = (specifier: string) => {
    if (specifier.startsWith(root)) return specifier.slice(root.length);
    return /^npm:\/?((?:@[^/]+\/)?[^@/]+)/.exec(specifier)?.[1] ?? specifier;
  };
  return modules.flatMap(({ specifier, error, dependencies = [] }) => {
    if (error !== undefined) throw new Error(`deno info cannot read ${specifier}: ${error}`);
    return dependencies.map(({ specifier: written, isDynamic, code, type }): Import => {
      const to = code?.specifier ?? type?.specifier;
      if (to === undefined) throw new Error(`deno info cannot resolve ${written} in ${specifier}`);
      return {
        from: name(specifier),
        to: name(to),
        dynamic: isDynamic === true,
        typeOnly: code === undefined,
      };
    });
  });
}

/** Everything that is loaded with a module, itself included. */
export function loadedWith(imports: readonly Import[], start: string, { dynamic }: { dynamic: boolean }): Set<string> {
  const found = new Set([start]);
  for (const from of found) {
    for (const { to } of imports.filter((one) => one.from === from && !one.typeOnly && (dynamic || !one.dynamic))) {
      found.add(to);
    }
  }
  return found;
}

/** The files at the top of src/ that are no room: the contracts. */
export const contracts = [
  ...["command", "context", "errors", "event", "options", "renderer", "target", "tool", "version", "way"],
].map((name) => `src/${name}.ts`);

/** The room of a module: `kube`, `features/ping`, `manager/server`, `contract`, or the file itself where it is the program. */
export function roomOf(module: string): string {
  if (contracts.includes(module)) return "contract";
  return /^src\/((?:features|manager)\/[^/]+|[^/]+)\//.exec(module)?.[1] ?? module;
}

/** Rooms that hold no decisions about what is asked for, from the lowest up. */
const low = ["contract", "lib", "text"];
const feature = [...low, "connect", "kube", "manager/client", "manager/protocol", "rights", "runs", "terminal", "warm"];

/** Rooms that each room may import; its own is always among them. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "src/main.ts": ["src/start.ts", "cli"],
  "src/one_file.ts": ["src/start.ts", "cli"],
  "src/start.ts": ["contract", "cli", "text", "warm"],
  "src/app.ts": ["contract", "features", "rights", "text"],
  contract: ["lib", "deno.json"],
  lib: [],
  text: ["contract", "lib"],
  rights: ["contract", "lib"],
  runs: low,
  kube: ["contract", "lib", "rights", "text"],
  "manager/protocol": ["lib"],
  "manager/client": ["contract", "lib", "manager/protocol"],
  "manager/server": ["contract", "lib", "manager/protocol"],
  terminal: [...low, "deploy/permissions.txt"],
  connect: [...low, "kube", "manager/client", "manager/protocol", "rights", "terminal", "deploy/debug-pod.yaml"],
  features: feature,
  // Programs of the image, as small as can be.
  helpers: [],
  cli: [...feature, "features", "src/app.ts"],
  // The command line is loaded by it, and never loads it; of that it names types.
  warm: ["contract", "lib", "terminal", "cli"],
};

/** Types that a contract names though they are of a room: the interface of what a command is handed. */
const namedByContracts = ["features", "kube", "manager/client", "rights"];

/** A hint for a module that stands in the wrong place. */
const homes: Readonly<Record<string, string>> = {
  "src/":
    "only the ten contracts and the program stand there; helpers belong in src/lib/, drawing in src/text/, the rest in a room",
  contract: "a contract imports contracts and src/lib/ only; move what it needs there, or this file into a room",
  features: "a feature imports no other one; what two of them share belongs in src/runs/, src/text/ or src/connect/",
  "manager/server": "the server imports src/manager/protocol/ and src/lib/ only; what both ends share belongs there",
};

/** Importers of each package: directories or files. A package that is not here needs a decision first. */
const importers: Readonly<Record<string, readonly string[]>> = {
  "@bufbuild/protobuf": ["src/manager/"],
  "@connectrpc/connect": ["src/manager/"],
  "@connectrpc/connect-node": ["src/manager/client/connection.ts", "src/manager/server/server.ts"],
  "@kubernetes/client-node": ["src/kube/"],
  "@bomb.sh/tab": ["src/features/completions/script.ts"],
  "@inquirer/search": ["src/terminal/picker.ts"],
  asciichart: ["src/text/line_chart.ts"],
  execa: ["src/kube/credential_plugin.ts", "src/connect/local.ts"],
  debug: ["src/kube/errors_at_load.ts"],
  undici: ["src/kube/errors_at_load.ts", "src/kube/library_api.ts"],
  commander: ["src/app.ts"],
  ws: ["src/kube/exec_socket.ts"],
  dotenv: ["src/cli/config.ts"],
  yaml: ["src/kube/yaml.ts"],
  "fast-string-width": ["src/text/fit_text.ts"],
  // Parts of Deno itself: those that reach the world belong to the adapters.
  "node:buffer": ["src/kube/exec.ts", "src/kube/exec_socket.ts", "src/manager/server/files/names.ts"],
  "node:crypto": ["src/connect/", "src/features/pods/make_copy.ts", "src/manager/protocol/hash.ts"],
  "node:fs": ["src/terminal/piped.ts", "src/kube/find_kubeconfig.ts", "src/kube/pod_choice.ts"],
  "node:fs/promises": ["src/kube/credential_plugin.ts", "src/kube/token_file.ts"],
  "node:http": ["src/kube/refused_upgrade.ts"],
  "node:http2": ["src/manager/"],
  "node:net": ["src/kube/proxy.ts", "src/manager/client/local_socket.ts"],
  "node:path": ["src/kube/kubeconfig_paths.ts"],
  "node:stream": ["src/connect/", "src/kube/", "src/manager/", "src/terminal/picker.ts", "src/way.ts"],
  "node:zlib": ["src/manager/protocol/chunks.ts"],
  "node:timers": ["src/kube/exec.ts", "src/manager/server/redirect/poller.ts"],
  "node:util": ["src/manager/server/manager.ts", "src/text/style.ts"],
};

const client = ["connect", "features", "kube", "manager/client"];

/** Modules that a program never loads, not even later. */
const never: Readonly<Record<string, readonly string[]>> = {
  "src/manager/server/manager.ts": ["src/main.ts", "src/app.ts", "cli", "terminal", ...client],
  "src/main.ts": ["helpers", "manager/server"],
};

/** Modules that are not loaded together with a module, so that a quick answer is quick. */
const notAtOnce: Readonly<Record<string, readonly string[]>> = {
  "src/main.ts": ["src/app.ts", "commander", "cli"],
  "src/cli/complete.ts": [
    ...["connect", "src/cli/main.ts", "src/cli/text.ts", "src/manager/client/connection.ts"],
    ...["@connectrpc/connect", "@kubernetes/client-node", "undici"],
  ],
  "src/cli/main.ts": [
    ...["connect", "kube", "src/manager/client/connection.ts", "src/cli/text.ts", "src/text/line_chart.ts"],
    ...["@connectrpc/connect", "@kubernetes/client-node"],
  ],
  "src/kube/cluster.ts": ["@kubernetes/client-node", "undici"],
};

/** Every import that breaks a rule, in words; none when all are kept. */
export function brokenRules(imports: readonly Import[]): string[] {
  const is = (module: string, names: readonly string[]) => {
    const room = roomOf(module);
    return names.includes(module) || names.includes(room) || names.includes(room.split("/")[0]!);
  };
  const own = imports.filter(({ from }) => from.startsWith("src/"));
  const broken = own.flatMap(({ from, to, typeOnly }) => {
    const packaged = importers[to], room = roomOf(from), kind = room.split("/")[0]!;
    if (packaged !== undefined) {
      return packaged.some((place) => place === from || place.endsWith("/") && from.startsWith(place)) ? [] : [
        `${from} imports ${to}, which only ${packaged.join(" and ")} may`,
      ];
    }
    if (roomOf(to) === room && room !== from) return [];
    if (room === "contract" && typeOnly && is(to, namedByContracts)) return [];
    if (/^src\/[^/]+$/.test(room) && allowed[room] === undefined) {
      return [`${from} is at the top of src/: ${homes["src/"]}`];
    }
    if (is(to, allowed[room] ?? allowed[kind] ?? [])) return [];
    const home = kind !== "features" || roomOf(to).startsWith("features/") ? homes[room] ?? homes[kind] : undefined;
    return [`${from} imports ${to}: ${home ?? `${kind} may not`}`];
  });
  for (const [rules, dynamic, when] of [[never, true, "ever"], [notAtOnce, false, "at once"]] as const) {
    for (const [start, names] of Object.entries(rules)) {
      for (const module of loadedWith(imports, start, { dynamic })) {
        if (module !== start && is(module, names)) broken.push(`${start} must not load ${module} ${when}`);
      }
    }
  }
  return [...new Set(broken)];
}

/**
 * Returns one circle of imports as a path, for example `a.ts → b.ts → a.ts`; undefined where there is none. Imports that are
 * loaded later do not count: a command loads its run, which knows the plan of the command.
 */
export function circle(imports: readonly Import[]): string | undefined {
  const next = Map.groupBy(imports.filter(({ to, dynamic }) => to.startsWith("src/") && !dynamic), ({ from }) => from);
  const done = new Set<string>();
  const visit = (module: string, path: readonly string[]): string | undefined => {
    const at = path.indexOf(module);
    if (at >= 0) return [...path.slice(at), module].join(" → ");
    if (done.has(module)) return undefined;
    done.add(module);
    for (const { to } of next.get(module) ?? []) {
      const found = visit(to, [...path, module]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  for (const module of next.keys()) {
    const found = visit(module, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Names of the world outside that a text uses: `Deno`, `process`, `console`. Comments and strings do not count. */
export function worldIn(source: string): string[] {
  const code = source
    .replaceAll(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, '""')
    .replaceAll(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, "$1");
  const found = [...code.matchAll(/\b(Deno|console)\b|(?<![.\w])(process|globalThis)(?=\.\w|\[)/g)]
    .map(([, name, other]) => name ?? other ?? "");
  // A variable of that name is none of the world.
  return [...new Set(found)].filter((name) => !new RegExp(`[(,]\\s*${name}\\s*[:,)]|const ${name}\\b`).test(code));
}
