import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { outcome } from "./cluster_script.ts";
import { scopeArgv, scopeEnv } from "./scope.ts";

type Environment = Readonly<Record<string, string>>;

/** scope in a real terminal. Disposing ends the terminal and everything in it. */
export class Terminal implements AsyncDisposable {
  readonly #socket = `scope-e2e-${crypto.randomUUID()}`;

  /**
   * Starts a terminal of this size that runs scope, with additional variables; the exit code is then printed as
   * `exit=CODE`.
   */
  static async run(args: readonly string[], columns = 80, rows = 24, env: Environment = {}): Promise<Terminal> {
    return await Terminal.scopeLine('"$@"', args, { columns, rows, env });
  }

  /** Starts a terminal that runs a shell command line, in which `"$@"` is scope with these arguments. */
  static async scopeLine(
    line: string,
    args: readonly string[],
    { columns, rows, env }: { columns: number; rows: number; env: Environment },
  ): Promise<Terminal> {
    const script =
      `trap : INT; before=$(stty -g); ${line}; code=$?; [ "$before" = "$(stty -g)" ] || echo stty changed; ` +
      'echo "exit=$code"; exec cat';
    return await Terminal.open(["sh", "-c", script, "sh", ...scopeArgv, ...args], { columns, rows, env });
  }

  /** Starts a terminal of this size that runs any program with the tests' environment of scope. */
  static async open(
    argv: readonly string[],
    { columns, rows, env }: { columns: number; rows: number; env: Environment },
  ): Promise<Terminal> {
    const terminal = new Terminal();
    const variables = Object.entries(scopeEnv(env)).map(([name, value]) => `${name}=${value}`);
    await terminal.#tmux([
      ...["-f", "/dev/null", "-u", "new-session", "-d", "-x", `${columns}`, "-y", `${rows}`],
      // An interactive terminal is not continuous integration.
      ...["env", "-u", "CI", ...variables, ...argv],
    ]);
    return terminal;
  }

  /** Returns the text on the screen; with `escapes` also its attributes. */
  async screen({ escapes = false } = {}): Promise<string> {
    return await this.#tmux(["capture-pane", "-p", ...escapes ? ["-e"] : []]);
  }

  /** Waits until the screen matches. */
  async until(wanted: RegExp, seconds = 20): Promise<string> {
    let screen = "";
    await until(`${wanted} on the terminal`, seconds, async () => wanted.test(screen = await this.screen()), {
      missing: () => `\n${screen}`,
    });
    return screen;
  }

  /** Waits until scope has ended, and checks that it restored the terminal. */
  async exit(seconds = 20): Promise<{ code: number; screen: string }> {
    const screen = await this.until(/^exit=\d+$/m, seconds);
    assert.doesNotMatch(screen, /^stty changed$/m);
    assert.deepEqual(await this.modes(), { alternate: false, cursor: true, wrap: true });
    return { code: Number(/^exit=(\d+)$/m.exec(screen)?.[1]), screen };
  }

  /** Returns the modes of the terminal that scope may have changed. */
  async modes(): Promise<{ alternate: boolean; cursor: boolean; wrap: boolean }> {
    const flags = await this.#tmux(["display-message", "-p", "#{alternate_on} #{cursor_flag} #{wrap_flag}"]);
    const [alternate, cursor, wrap] = flags.trim().split(" ").map((flag) => flag === "1");
    return { alternate: alternate!, cursor: cursor!, wrap: wrap! };
  }

  /** Types a text, and then a key by its name, such as Enter or C-c. */
  async type(text: string, key?: string): Promise<void> {
    if (text !== "") await this.#tmux(["send-keys", "-l", "--", text]);
    if (key !== undefined) await this.#tmux(["send-keys", key]);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux(["resize-window", "-x", `${columns}`, "-y", `${rows}`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux(["kill-server"]);
  }

  async #tmux(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await outcome("tmux", ["-L", this.#socket, ...args], { TMUX: "" });
    assert.equal(code, 0, `tmux ${args.join(" ")}: ${stderr}`);
    return stdout;
  }
}
