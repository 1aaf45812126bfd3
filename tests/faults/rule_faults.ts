import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { LAPTOP, LocalServers } from "../e2e/local_servers.ts";
import { ECHO_PORT, HTTP_PORT, POD } from "../e2e/redirected.ts";
import { epochMs } from "../e2e/steady_client.ts";
import { type Fault, together } from "./fault.ts";
import { Redirection, startRedir } from "./redirection.ts";

/** The table that a killed manager leaves on a kernel without table owners. */
const leftTable = (name: string) =>
  `add table inet ${name} {
    map incoming { type inet_service : inet_service; flags timeout; }
    chain prerouting { type nat hook prerouting priority -110;
      tcp flags & (fin|syn|rst|ack) == syn redirect to :tcp dport map @incoming; }
    chain guard { type filter hook input priority 0; tcp dport 45678 ct status & dnat == 0 reject with tcp reset; }
  }`;

const leftRules: Fault = {
  name: "left-rules",
  async run(scene) {
    const { rules } = await scene.app();
    for (const name of ["scope", "scope_left"]) await rules.nft(leftTable(name));
    await using redirection = await Redirection.start(scene);
    const names = (await rules.tables()).map(({ name }) => name);
    const leaks = names.filter((name) => ["scope", "scope_left"].includes(name));
    return together({ leaks }, await redirection.finish());
  },
};

const twoUsers: Fault = {
  name: "two-users",
  async run(scene) {
    await using laptop = await LocalServers.open();
    await using redirection = await Redirection.start(scene, { env: { USER: "alice" } });
    const { app } = redirection;
    const second = (...more: string[]) =>
      startRedir(scene, { app, args: [`${HTTP_PORT}:${laptop.httpPort}`, ...more], env: { USER: "bob" } });
    {
      await using refused = second();
      assert.equal(await refused.exit(60), 77, refused.stderr);
      assert.match(
        refused.stderr,
        /^error: Cannot redirect ".*": port 8080 is redirected by alice@\S+\nhint: .*--takeover/m,
      );
    }
    const at = epochMs();
    await using taker = second("--takeover");
    assert.equal(await redirection.scope.exit(60), 77, redirection.scope.stderr);
    assert.match(redirection.scope.stderr, /^error: bob@\S+ has taken over the redirect of ".*"\nhint: /m);
    await until("the second laptop to answer", 10, () => laptop.requests > 10);
    const before = scene.laptop.requests;
    const recoveryMs = await redirection.outage(at, [POD, LAPTOP]);
    assert.equal(scene.laptop.requests, before, "the first laptop still answers");
    const ended = epochMs();
    taker.signal("SIGINT");
    assert.equal(await taker.exit(10), 130, taker.stderr);
    return together({ recoveryMs, leaks: [] }, await redirection.ended(ended));
  },
};

/** A connection that was open before the redirect, and gets a request now and then. */
class KeptConnection implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #answers: ReadableStreamDefaultReader<string>;
  readonly #words: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

  /** Connects from the network of a process. */
  constructor(pid: number, address: string, port: number) {
    this.#child = new Deno.Command("nsenter", {
      args: [`--net=/proc/${pid}/ns/net`, "--", "sh", "-c", `exec socat - TCP:${address}:${port}`],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#answers = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#words = this.#child.stdin.getWriter();
  }

  /** Returns the answer to a word, which must come within 2 s. */
  async ask(word: string): Promise<string | undefined> {
    await this.#words.write(new TextEncoder().encode(`${word}\n`));
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 2000);
    const { value } = await this.#answers.read();
    clearTimeout(timer);
    return value?.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#words.close().catch(() => {}); // the process may have ended
    await this.#answers.cancel();
    await this.#child.status;
  }
}

const keptConnection: Fault = {
  name: "kept-connection",
  async run(scene) {
    const { pod } = await scene.app();
    await using kept = new KeptConnection(scene.bystander.pid, pod.status.podIP!, ECHO_PORT);
    assert.equal(await kept.ask("before"), "before");
    const args = [`${HTTP_PORT}:${scene.laptop.httpPort}`, `${ECHO_PORT}:${scene.laptop.tcpPort}`];
    await using redirection = await Redirection.start(scene, { args });
    assert.match(redirection.scope.stdout, /"kept":[1-9]/); // a connection of the steady client may be open, too
    assert.equal(await kept.ask("meanwhile"), "meanwhile");
    await using other = new KeptConnection(scene.bystander.pid, pod.status.podIP!, ECHO_PORT);
    assert.match(await other.ask("new") ?? "", new RegExp(`^${LAPTOP}`));
    const finished = await redirection.finish();
    assert.equal(await kept.ask("after"), "after");
    return finished;
  },
};

export const ruleFaults: readonly Fault[] = [leftRules, twoUsers, keptConnection];
