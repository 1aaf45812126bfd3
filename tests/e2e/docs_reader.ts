import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { CHECKOUT } from "./cluster_script.ts";
import { differences, type Example } from "./docs_pages.ts";
import { scopeArgv, scopeEnv } from "./scope.ts";

/** A simulated reader who types the commands of a page, with an empty home, on a machine where scope is installed. */
export class Reader implements AsyncDisposable {
  readonly #home = Deno.makeTempDirSync({ prefix: "scope-docs-" });

  constructor() {
    Deno.mkdirSync(`${this.#home}/bin`);
    Deno.mkdirSync(`${this.#home}/work`);
    const words = scopeArgv.map((word) => `'${word}'`).join(" ");
    Deno.writeTextFileSync(`${this.#home}/bin/scope`, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  }

  /** Runs an example; returns all printed lines, and the exit code. */
  async run(example: Example): Promise<{ lines: string[]; code: number }> {
    const { PATH, SCOPE_VIA: _auto, ...env } = scopeEnv();
    if (example.before !== undefined) {
      const { success } = await this.#hidden(example.before);
      assert.ok(success, example.before);
    }
    await using _server = example.serve === undefined ? undefined : laptop(example.serve);
    const child = new Deno.Command("sh", {
      args: ["-c", `{ ${example.command}\n} 2>&1`],
      cwd: `${this.#home}/work`,
      clearEnv: true,
      env: { ...env, PATH: `${this.#home}/bin:${PATH}`, HOME: this.#home },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      // Own process group: Ctrl-C reaches all its processes.
      detached: true,
    }).spawn();
    let text = "", ended = false;
    const read = (async () => {
      for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) text += piece;
    })();
    const status = child.status.finally(() => ended = true);
    const others = example.meanwhile === undefined ? Promise.resolve() : this.#again(example.meanwhile, () => ended);
    try {
      if (example.beforeInterrupt !== undefined) {
        const wanted = example.output.slice(0, example.beforeInterrupt);
        const open = [...wanted, "…"];
        await until(`what comes before Ctrl-C in line ${example.line}`, 60, () => {
          assert.ok(!ended, `it ended by itself: ${text}`);
          return differences(open, text.split("\n")).length === 0;
        }, { missing: () => `${differences(open, text.split("\n")).join("\n")}\n${text}` });
        Deno.kill(-child.pid, "SIGINT");
      }
      await until(`the end of ${example.command}`, 90, () => ended, { missing: () => text });
    } finally {
      if (!ended) Deno.kill(-child.pid, "SIGKILL");
      await Promise.all([status, read, others]);
    }
    return { lines: text.trimEnd() === "" ? [] : text.trimEnd().split("\n"), code: (await status).code };
  }

  async #again(command: string, ended: () => boolean): Promise<void> {
    while (!ended()) await this.#hidden(command);
  }

  /** Runs a command that the page does not show. */
  async #hidden(command: string): Promise<Deno.CommandStatus> {
    const { PATH, ...env } = scopeEnv();
    return await new Deno.Command("sh", {
      args: ["-c", command],
      cwd: CHECKOUT,
      clearEnv: true,
      env: { ...env, PATH: `${this.#home}/bin:${PATH}` },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#home, { recursive: true });
  }
}

/** Starts the reader's own server. */
const laptop = (port: number) =>
  Deno.serve({ hostname: "localhost", port, onListen() {} }, () => new Response("the laptop\n"));
