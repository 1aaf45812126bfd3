import { createHash } from "node:crypto";
import { ClusterError } from "./errors.ts";
import { lockFile } from "./lock.ts";
import { run } from "./processes.ts";
import type { Progress } from "./progress.ts";

const DIRECTORY = import.meta.dirname!;

/** A Go module whose programs go into the directory of built programs. */
interface Module {
  readonly name: string;
  readonly directory: string;
  /** Packages to build: `tool` stands for all programs that go.mod names with its `tool` directives. */
  readonly target: string;
  /** Files that determine the result of the build. */
  readonly sources: readonly string[];
  readonly ldflags: string;
}

/** Returns the version of a module in a go.mod; throws when the module is not required there. */
export function moduleVersion(goMod: string, module: string): string {
  for (const line of goMod.split("\n")) {
    const [path, version] = line.trim().replace(/^require /, "").split(" ");
    if (path === module && version !== undefined) return version;
  }
  throw new ClusterError(`Cannot find the module "${module}" in go.mod`);
}

/** Returns linker flags that strip the programs and set the version they report. */
export function linkerFlags(variables: Readonly<Record<string, string>>): string {
  return ["-s", "-w", ...Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`)].join(" ");
}

/** Variables that hold the version in Kubernetes' programs; without them it is v0.0.0-master. */
export function kubernetesVariables(version: string): Record<string, string> {
  const [, major = "", minor = ""] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  return Object.fromEntries(
    ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((path) => [
      [`${path}.gitVersion`, version],
      [`${path}.gitMajor`, major],
      [`${path}.gitMinor`, minor],
    ]),
  );
}

function modules(): Module[] {
  const read = (file: string) => Deno.readTextFileSync(`${DIRECTORY}/${file}`);
  const containerd = moduleVersion(read("containerd/go.mod"), "github.com/containerd/containerd/v2");
  const kubernetes = moduleVersion(read("kubernetes/go.mod"), "k8s.io/kubernetes");
  return [
    { name: "pause", directory: "pause", target: ".", sources: ["go.mod", "main.go"], ldflags: linkerFlags({}) },
    {
      name: `containerd ${containerd}`,
      directory: "containerd",
      target: "tool",
      sources: ["go.mod", "go.sum"],
      ldflags: linkerFlags({ "github.com/containerd/containerd/v2/version.Version": containerd }),
    },
    {
      name: `Kubernetes ${kubernetes}`,
      directory: "kubernetes",
      target: "tool",
      sources: ["go.mod", "go.sum"],
      ldflags: linkerFlags(kubernetesVariables(kubernetes)),
    },
  ];
}

/** Returns a name for the result of these inputs. */
export function buildKey(inputs: readonly string[]): string {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(`${input.length}:${input}`);
  return hash.digest("hex").slice(0, 16);
}

/** Returns the directory with all programs of the cluster, built on first use. */
export async function buildPrograms(cache: string, progress: Progress, signal: AbortSignal): Promise<string> {
  const go = await findGo();
  const flags = ["-trimpath", "-buildvcs=false"];
  const inputs = modules().flatMap((module) => [
    module.target,
    module.ldflags,
    ...module.sources.map((file) => Deno.readTextFileSync(`${DIRECTORY}/${module.directory}/${file}`)),
  ]);
  const key = buildKey([await run([go, "version"], { signal }), flags.join(" "), ...inputs]);
  const directory = `${cache}/programs/${key}`;
  if (await isDirectory(directory)) return directory;

  await Deno.mkdir(`${cache}/programs`, { recursive: true });
  using _lock = await lockFile(
    `${directory}.lock`,
    () => progress.step("waiting for the build of another checkout"),
    signal,
  );
  if (await isDirectory(directory)) return directory;
  // Renamed when complete: an interrupted build leaves a partial directory, which the next build removes.
  const part = `${directory}.part`;
  await Deno.remove(part, { recursive: true }).catch(() => {});
  for (const module of modules()) {
    progress.step(`building ${module.name}`);
    let packages = 0;
    await run([go, "build", "-v", ...flags, "-ldflags", module.ldflags, "-o", `${part}/`, module.target], {
      cwd: `${DIRECTORY}/${module.directory}`,
      env: { CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" },
      signal,
      onLine: (line) => progress.detail(`${++packages} packages, now ${line}`),
    });
  }
  await Deno.rename(`${part}/server`, `${part}/etcd`); // Go names a program after its directory
  await Deno.rename(part, directory);
  return directory;
}

/** Returns the Go command: from the PATH, or from the directory of Go's own installer. */
export async function findGo(): Promise<string> {
  for (const go of ["go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go"]) {
    if (await run([go, "version"]).then(() => true, () => false)) return go;
  }
  throw new ClusterError(
    'Cannot find the program "go"',
    "install Go 1.26 or newer, or point KUBECONFIG to a cluster that exists",
  );
}

async function isDirectory(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isDirectory, () => false);
}
