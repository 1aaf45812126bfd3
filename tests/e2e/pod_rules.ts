import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import { describe, type NodeProcess } from "./node_processes.ts";

/** An nft table of scope, with the ports that it redirects now. */
export interface ScopeTable {
  readonly name: string;
  /** True when a process owns the table: the kernel removes it when the process ends. */
  readonly owned: boolean;
  readonly ports: readonly number[];
}

/** The rules in a pod's network namespace, read independently of scope. */
export class PodRules {
  /** `pid` is a process in the network; `tools` is one with the endoscope image, as an older nft cannot read all rules. */
  constructor(readonly pid: number, private readonly tools: number) {}

  /** Runs nft in the network, which must succeed; returns its output. */
  async nft(...args: string[]): Promise<string> {
    const enter = [`--net=/proc/${this.pid}/ns/net`, `--root=/proc/${this.tools}/root`, "--wd=/"];
    const { code, stdout, stderr } = await outcome("nsenter", [...enter, "--", "/usr/sbin/nft", ...args]);
    if (code !== 0) throw new Error(`nft ${args.join(" ")}: ${stderr || `exit code ${code}`}`);
    return stdout;
  }

  /** Returns the tables of scope. */
  async tables(): Promise<ScopeTable[]> {
    return parseTables(await this.nft("list", "ruleset"));
  }

  /** Waits until exactly these ports are redirected, each by at least one table. */
  async untilRedirected(ports: readonly number[], seconds: number): Promise<void> {
    const wanted = JSON.stringify(ports.toSorted());
    await this.#until(`the ports ${wanted} to be redirected`, seconds, (tables) => {
      return JSON.stringify([...new Set(tables.flatMap(({ ports }) => ports))].sort()) === wanted;
    });
  }

  /** Waits until no port is redirected. */
  async untilNoRule(seconds: number): Promise<void> {
    await this.#until("no port to be redirected", seconds, (tables) => tables.every(({ ports }) => ports.length === 0));
  }

  /** Waits until scope has no table in the network. */
  async untilNoTable(seconds: number): Promise<void> {
    await this.#until("no table of scope to be left", seconds, (tables) => tables.length === 0);
  }

  async #until(what: string, seconds: number, isSo: (tables: readonly ScopeTable[]) => boolean): Promise<void> {
    let tables: ScopeTable[] = [];
    await until(what, seconds, async () => isSo(tables = await this.tables()), {
      missing: () => JSON.stringify(tables),
    });
  }

  /** Returns the processes that hold rules in the network, wherever on this machine they were started. */
  holders(): NodeProcess[] {
    const here = namespaceOf(this.pid);
    return nfts().filter(({ pid }) => namespaceOf(pid) === here);
  }

  /** Waits until no holder is left. */
  async untilNoHolder(seconds: number): Promise<void> {
    await until("no nft to be left in the network of the pod", seconds, () => this.holders().length === 0, {
      missing: () => describe(this.holders()).join("\n"),
    });
  }
}

/** Parses the output of `nft list ruleset`. */
function parseTables(text: string): ScopeTable[] {
  return [...text.matchAll(/^table inet (scope\w*) \{.*\n([^]*?)^\}/gm)].map(([, name = "", body = ""]) => ({
    name,
    owned: /^\tflags .*owner/m.test(body),
    ports: [...body.matchAll(/elements = \{([^}]*)\}/g)].flatMap(([, elements = ""]) =>
      elements.split(",").map((element) => Number.parseInt(element))
    ),
  }));
}

/** Returns the nft processes that wait for further commands. */
function nfts(): NodeProcess[] {
  return [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).flatMap(({ name }) => {
    try {
      const argv = Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0").filter((word) => word !== "");
      return argv.includes("--interactive") ? [{ pid: Number(name), argv, cgroups: "", environ: [] }] : [];
    } catch {
      return []; // ended meanwhile
    }
  });
}

function namespaceOf(pid: number): string {
  try {
    return Deno.readLinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return `none: ${pid} has ended`;
  }
}
