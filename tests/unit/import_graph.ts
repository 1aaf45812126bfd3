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

/** Where a module stands. The files at the top of src/ are contracts, except the program itself. */
export function layerOf(module: string): string {
  if (["src/main.ts", "src/one_file.ts", "src/start.ts", "src/app.ts"].includes(module)) return module;
  if (/^src\/[^/]+$/.test(module)) return "contract";
  return /^src\/([^/]+)\//.exec(module)?.[1] ?? module;
}

/** What each layer may import, besides packages. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "src/main.ts": ["src/start.ts", "src/edge/main.ts", "src/edge/complete.ts"],
  "src/one_file.ts": ["src/start.ts", "src/edge/main.ts", "src/edge/complete.ts"],
  "src/start.ts": ["src/version.ts", "src/edge/main.ts", "src/edge/complete.ts"],
  "src/app.ts": ["contract", "commands"],
  contract: ["contract", "deno.json", "deploy/permissions.txt"],
  commands: ["contract", "tools"],
  tools: ["contract", "tools"],
  renderers: ["contract", "renderers"],
  kube: ["contract", "kube"],
  ways: ["contract", "ways", "kube", "src/manager/transport.ts", "deploy/debug-pod.yaml"],
  manager: ["contract", "manager"],
  // Programs of the image, as small as can be.
  helpers: ["helpers"],
  edge: [
    "contract",
    "src/app.ts",
    "edge",
    "renderers",
    "kube",
    "ways",
    "src/manager/bypass_client.ts",
    "src/manager/client.ts",
    "src/manager/files_client.ts",
    "src/manager/redirect_client.ts",
    "src/manager/forward.ts",
    "src/manager/proc.ts",
    "src/manager/run_client.ts",
  ],
};

/** Who may import each package: a folder or a file. A package that is not here needs a decision first. */
const importers: Readonly<Record<string, readonly string[]>> = {
  "@bufbuild/protobuf": [
    "src/manager/bypass_client.ts",
    "src/manager/files/",
    "src/manager/files_client.ts",
    "src/manager/files_writer.ts",
    "src/manager/gen/",
    "src/manager/process_list.ts",
    "src/manager/redirect/",
    "src/manager/redirect_client.ts",
    "src/manager/reflection.ts",
    "src/manager/run.ts",
    "src/manager/run_client.ts",
    "src/manager/tunnel/",
  ],
  "@connectrpc/connect": [
    "src/manager/client.ts",
    "src/manager/files/",
    "src/manager/forward.ts",
    "src/manager/proc.ts",
    "src/manager/local_argv.ts",
    "src/manager/redirect/",
    "src/manager/reflection.ts",
    "src/manager/run.ts",
    "src/manager/server.ts",
  ],
  "@connectrpc/connect-node": ["src/manager/client.ts", "src/manager/server.ts"],
  "@kubernetes/client-node": ["src/kube/"],
  "@bomb.sh/tab": ["src/edge/completion_script.ts"],
  "@inquirer/search": ["src/edge/picker.ts"],
  asciichart: ["src/renderers/line_chart.ts"],
  execa: ["src/kube/credential_plugin.ts", "src/ways/local.ts"],
  undici: ["src/kube/rest.ts"],
  commander: ["src/app.ts"],
  dotenv: ["src/edge/config.ts"],
  yaml: ["src/kube/yaml.ts"],
  "fast-string-width": ["src/renderers/fit_text.ts"],
  // Parts of Deno itself: those that reach the world belong to the edge and to the adapters.
  "node:buffer": ["src/kube/exec.ts", "src/manager/files/names.ts"],
  "node:crypto": ["src/manager/files/hash.ts", "src/ways/"],
  "node:fs": ["src/edge/piped.ts", "src/kube/find_kubeconfig.ts"],
  "node:fs/promises": ["src/kube/credential_plugin.ts", "src/kube/token_file.ts"],
  "node:http": ["src/kube/refused_upgrade.ts"],
  "node:http2": ["src/manager/"],
  "node:net": ["src/kube/proxy.ts", "src/manager/tunnel/local_socket.ts"],
  "node:path": ["src/kube/find_kubeconfig.ts"],
  "node:stream": ["src/edge/picker.ts", "src/kube/", "src/manager/", "src/ways/", "src/way.ts"],
  "node:zlib": ["src/manager/files/pieces.ts"],
  "node:timers": ["src/kube/exec.ts", "src/manager/redirect/poller.ts"],
  "node:util": ["src/manager/manager.ts", "src/renderers/style.ts"],
};

/** What a program never loads, not even later. */
const never: Readonly<Record<string, readonly string[]>> = {
  "src/manager/manager.ts": ["src/main.ts", "src/app.ts", "commands", "edge", "kube", "renderers", "ways", "tools"],
  "src/main.ts": ["helpers", "src/manager/manager.ts", "src/manager/server.ts", "src/manager/libc.ts"],
};

/** What is not loaded together with a module, so that a quick answer is quick. */
const notAtOnce: Readonly<Record<string, readonly string[]>> = {
  "src/main.ts": ["src/app.ts", "commander", "edge"],
  "src/edge/complete.ts": ["ways", "manager", "renderers", "@kubernetes/client-node", "undici", "src/edge/main.ts"],
  "src/edge/main.ts": ["kube", "ways", "manager", "renderers", "@kubernetes/client-node", "@connectrpc/connect-node"],
};

/** Every import that breaks a rule, in words; none when all are kept. */
export function brokenRules(imports: readonly Import[]): string[] {
  const is = (module: string, names: readonly string[]) => names.includes(module) || names.includes(layerOf(module));
  const broken = imports.filter(({ from }) => from.startsWith("src/")).flatMap(({ from, to, typeOnly }) => {
    const packaged = importers[to];
    if (packaged !== undefined) {
      return packaged.some((place) => place === from || place.endsWith("/") && from.startsWith(place)) ? [] : [
        `${from} imports ${to}, which only ${packaged.join(" and ")} may`,
      ];
    }
    // A type of the contracts may name a stream, and nothing else: it is gone before the program runs.
    const data = ["deno.json", "deploy/permissions.txt"];
    if (layerOf(from) === "contract" && !to.startsWith("src/") && !data.includes(to) && !typeOnly) {
      return [`${from} imports ${to}: contracts import contracts only`];
    }
    return is(to, allowed[layerOf(from)] ?? []) ? [] : [`${from} imports ${to}: ${layerOf(from)} may not`];
  });
  for (const [rules, dynamic, when] of [[never, true, "ever"], [notAtOnce, false, "at once"]] as const) {
    for (const [start, names] of Object.entries(rules)) {
      for (const module of loadedWith(imports, start, { dynamic })) {
        if (is(module, names)) broken.push(`${start} must not load ${module} ${when}`);
      }
    }
  }
  return [...new Set(broken)];
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
