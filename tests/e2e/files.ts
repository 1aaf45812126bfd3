import assert from "node:assert/strict";
import { outcome } from "./cluster_script.ts";
import { kubectl, TestNamespace } from "./kube.ts";
import { podProcesses } from "./node_processes.ts";
import { eventsOf, scope } from "./scope.ts";
import type { ScopeOptions, ScopeOutcome, Via } from "./scope.ts";

/** A pod and a directory of this machine, between which scope copies files. */
export class FileWorld implements AsyncDisposable {
  readonly directory = Deno.makeTempDirSync({ prefix: "scope-e2e-files-" });

  private constructor(
    readonly namespace: TestNamespace,
    readonly way: Via,
    /** Process on this machine of the target's main container. */
    private readonly pid: number,
  ) {}

  /**
   * Makes the pod. It has busybox, and a small disk at /small. A directory of its volume /shared has the group 778 and the
   * set-gid bit. A file of the volume is mounted at /etc/app.conf, and one of a ConfigMap at /etc/map.conf. /limited is an
   * emptyDir of 1 MiB that the pod may not write to.
   */
  static async make(way: Via): Promise<FileWorld> {
    const namespace = await TestNamespace.make();
    const team = "chgrp 778 team && chmod 2775 team";
    await kubectl(["create"], {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "map", namespace: namespace.name },
      data: { key: "of the map\n" },
    });
    const { metadata: { uid } } = await namespace.pod("target", {
      spec: {
        initContainers: [{
          name: "fill",
          image: "localhost/busybox:1",
          command: [
            "sh",
            "-c",
            `cd /shared && echo old >app.conf && chown 5:6 app.conf && chmod 640 app.conf && mkdir team && ${team}`,
          ],
          volumeMounts: [{ name: "shared", mountPath: "/shared" }],
        }],
        containers: [{
          name: "main",
          image: "localhost/busybox:1",
          command: ["sleep", "infinity"],
          workingDir: "/work",
          volumeMounts: [
            { name: "small", mountPath: "/small" },
            { name: "shared", mountPath: "/shared" },
            { name: "shared", mountPath: "/etc/app.conf", subPath: "app.conf" },
            { name: "map", mountPath: "/etc/map.conf", subPath: "key" },
            { name: "limited", mountPath: "/limited", readOnly: true },
          ],
        }],
        volumes: [
          { name: "small", emptyDir: { medium: "Memory", sizeLimit: "20Mi" } },
          { name: "shared", emptyDir: {} },
          { name: "map", configMap: { name: "map" } },
          { name: "limited", emptyDir: { sizeLimit: "1Mi" } },
        ],
      },
    });
    return new FileWorld(namespace, way, podProcesses(uid).find(({ argv }) => argv[0] === "sleep")!.pid);
  }

  args(...args: string[]): string[] {
    return ["-n", this.namespace.name, "-p", "target", "--via", this.way, ...args];
  }

  run(args: readonly string[], options: ScopeOptions = {}): Promise<ScopeOutcome> {
    return scope(this.args(...args), options);
  }

  /** Runs scope, which must end with this code; returns its events. */
  async events(code: number, ...args: string[]): Promise<Record<string, unknown>[]> {
    const outcome = await this.run(["-o", "json", ...args]);
    assert.equal(outcome.code, code, `${args.join(" ")}: ${outcome.stderr}${outcome.stdout}`);
    return eventsOf(outcome.stdout);
  }

  /** Runs a command that must fail; returns the line of its error. */
  async error(code: number, ...args: string[]): Promise<string> {
    const outcome = await this.run(args);
    const [line = ""] = outcome.stderr.split("\n").filter((line) => line.startsWith("error: "));
    assert.deepEqual([outcome.code, outcome.stdout], [code, ""], outcome.stderr);
    return line.slice("error: ".length);
  }

  /** Runs a script as root in the target's root and namespaces, and returns its output. It costs less than kubectl exec. */
  async sh(script: string): Promise<string> {
    const enter = ["-t", `${this.pid}`, "--mount", "--pid", "--uts", "--ipc", "--net", "--root", "--wd"];
    const { code, stdout, stderr } = await outcome("nsenter", [...enter, "/bin/sh", "-c", `PATH=/bin; ${script}`]);
    assert.equal(code, 0, `${script}: ${stderr}`);
    return stdout;
  }

  /** Returns a path in the directory of this machine. */
  here(path: string): string {
    return `${this.directory}/${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.removeSync(this.directory, { recursive: true });
    await this.namespace[Symbol.asyncDispose]();
  }
}

export async function sha256(path: string): Promise<string> {
  return digest(await Deno.readFile(path));
}

export async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Returns random bytes, which do not compress. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length), most = 65536;
  for (let at = 0; at < length; at += most) crypto.getRandomValues(bytes.subarray(at, at + most));
  return bytes;
}

/** Lists everything in a directory of this machine, recursively. */
export function treeOf(directory: string): string[] {
  const walk = (path: string): string[] =>
    [...Deno.readDirSync(path)].flatMap(({ name, isDirectory }) => [
      `${path}/${name}`,
      ...(isDirectory ? walk(`${path}/${name}`) : []),
    ]);
  return walk(directory).map((path) => path.slice(directory.length + 1)).sort();
}
