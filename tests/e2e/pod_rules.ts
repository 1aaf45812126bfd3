import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import { describe, type NodeProcess } from "./node_processes.ts";

/** A table of nft's that scope made, with the ports that it redirects right now. */
export interface ScopeTable {
  readonly name: string;
  /** The kernel drops it together with a process. */
  readonly owned: boolean;
  readonly ports: readonly number[];
}

/** What rules the network of a pod has, whatever scope says of them. */
export class PodRules {
  /** `pid` is in the network; `tools` has the endoscope image for its root, as not every nft can read what a newer one wrote. */
  constructor(readonly pid: number, private readonly tools: number) {}

  /** Runs nft there, which must succeed; returns what it printed. */
  async nft(...args: string[]): Promise<string> {
    const enter = [`--net=/proc/${this.pid}/ns/net`, `--root=/proc/${this.tools}/root`, "--wd=/"];
    const { code, stdout, stderr } = await outcome("nsenter", [...enter, "--", "/usr/sbin/nft", ...args]);
    if (code !== 0) throw new Error(`nft ${args.join(" ")}: ${stderr || `exit code ${code}`}`);
    return stdout;
  }

  /** The tables of scope. */
  async tables(): Promise<ScopeTable[]> {
    return parseTables(await this.nft("list", "ruleset"));
  }

  /** Waits until these ports are redirected, each by one table or more, and no others. */
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

  /** Waits until scope has no table there. */
  async untilNoTable(seconds: number): Promise<void> {
    await this.#until("no table of scope to be left", seconds, (tables) => tables.length === 0);
  }

  async #until(what: string, seconds: number, isSo: (tables: readonly ScopeTable[]) => boolean): Promise<void> {
    let tables: ScopeTable[] = [];
    await until(what, seconds, async () => isSo(tables = await this.tables()), {
      missing: () => JSON.stringify(tables),
    });
  }

  /** The programs that hold rules there, wherever on this machine they were started. */
  holders(): NodeProcess[] {
    const here = namespaceOf(this.pid);
    return nfts().filter(({ pid }) => namespaceOf(pid) === here);
  }

  /** Waits until none of those is left. */
  async untilNoHolder(seconds: number): Promise<void> {
    await until("no nft to be left in the network of the pod", seconds, () => this.holders().length === 0, {
      missing: () => describe(this.holders()).join("\n"),
    });
  }
}

/** Reads `nft list ruleset`: its JSON would be another form of the same. */
function parseTables(text: string): ScopeTable[] {
  return [...text.matchAll(/^table inet (scope\w*) \{.*\n([^]*?)^\}/gm)].map(([, name = "", body = ""]) => ({
    name,
    owned: /^\tflags .*owner/m.test(body),
    ports: [...body.matchAll(/elements = \{([^}]*)\}/g)].flatMap(([, elements = ""]) =>
      elements.split(",").map((element) => Number.parseInt(element))
    ),
  }));
}

/** The running processes of nft that wait for more to do. */
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
