import assert from "node:assert/strict";
import type { Cycle } from "../../../../src/manager/client/cycle_link.ts";
import { Cycles } from "../../../../src/manager/client/cycles.ts";

const local = "localhost:18080";
const request = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: web\r\nUser-Agent: test\r\n\r\n");
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A local program that serves a connection: it reads `bytes`, and calls `answer` when it answers. */
type Program = (bytes: AsyncIterable<Uint8Array>, answer: () => void) => Promise<void>;

/** A redirect that connects a local program in the same way as redirect_client.ts. */
class World {
  readonly cycles = new Cycles(() => Promise.resolve({ name: "kubectl", pid: 4242 }));
  readonly found: Cycle[] = [];
  arrived = 0;
  /** Number of connections that the pod answered, as they were part of a cycle. */
  byPod = 0;
  answered = 0;
  longestMs = 0;

  constructor(private readonly program: (world: World) => Program, private readonly observed = true) {}

  /** Opens a connection to the pod that sends these chunks. */
  async connect(chunks: AsyncIterable<Uint8Array>, from = "127.0.0.1"): Promise<void> {
    this.arrived += 1;
    assert.ok(this.arrived < 100, "an endless loop");
    const begun = performance.now(), input = chunks[Symbol.asyncIterator]();
    let peeked: Promise<IteratorResult<Uint8Array>> | undefined;
    const peek = () => peeked ??= input.next();
    const link = this.cycles.arrived(local, from, async () => {
      const { value } = await peek();
      return value as Uint8Array<ArrayBuffer> | undefined;
    }, { observed: this.observed });
    const led = await link.admitted;
    this.longestMs = Math.max(this.longestMs, performance.now() - begun);
    if (led !== undefined) {
      if (led.fresh) this.found.push(led.cycle);
      this.byPod += 1;
      return link.end();
    }
    link.connected();
    const guarded = async function* () {
      for (let next = await peek(); !next.done; next = await input.next()) {
        const bytes = next.value, now = link.allowed(bytes.length);
        yield bytes.subarray(0, now);
        if (now < bytes.length) {
          await link.rest;
          yield bytes.subarray(now);
        }
      }
    };
    await this.program(this)(guarded(), () => {
      this.answered += 1;
      link.end();
    });
    link.end();
  }
}

async function* of(...chunks: Uint8Array[]) {
  yield* chunks;
  await wait(1);
}

/** Sends no bytes, and ends after 1.2 s. */
async function* silence(): AsyncIterable<Uint8Array> {
  await wait(1200);
  yield* [];
}

/** Returns a program that passes each connection on to the pod, after `ms` milliseconds. */
const forwards = (ms: number): (world: World) => Program => (world) => async (bytes) => {
  await wait(ms);
  await world.connect(bytes);
};

/** Returns a program like an HTTP proxy: it reads a whole request, adds a line, and passes it on to the pod after `ms`. */
const proxies = (ms: number): (world: World) => Program => (world) => async (bytes) => {
  let all = "";
  for await (const chunk of bytes) if ((all += new TextDecoder().decode(chunk)).endsWith("\r\n\r\n")) break;
  await wait(ms);
  await world.connect(of(new TextEncoder().encode(all.replace(/\r\n$/, "Via: 1.1 me\r\n\r\n"))));
};

/** Limit of connections until a cycle is found; six to eight on an idle machine. */
const few = 20;

const cycles: [string, (world: World) => Program, () => AsyncIterable<Uint8Array>][] = [
  ["a forwarded port", forwards(5), () => of(request)],
  ["a forwarded port that is far away", forwards(150), () => of(request)],
  ["a proxy of HTTP", proxies(5), () => of(request)],
  ["a forwarded port of a server that speaks first", forwards(5), silence],
];
for (const [name, program, bytes] of cycles) {
  Deno.test(`Cycles ends a cycle through ${name} within a few rounds, and the pod answers`, async () => {
    const world = new World(program);
    await world.connect(bytes(), "10.0.0.7");
    assert.deepEqual(world.found, [{
      ...{ local, program: { name: "kubectl", pid: 4242 } },
      reason: "localhost:18080 leads back here through kubectl (pid 4242)",
    }]);
    assert.ok(world.arrived <= few, `${world.arrived} connections`);
    assert.equal(world.byPod, 1);
    // The next connection is not admitted at all.
    await world.connect(bytes(), "10.0.0.7");
    assert.equal(world.byPod, 2);
    assert.equal(world.found.length, 1);
  });
}

Deno.test("Cycles ends a cycle of copies, which are never answered", async () => {
  const world = new World(forwards(5), false);
  await world.connect(of(request));
  assert.equal(world.found.length, 1);
  assert.ok(world.arrived <= few, `${world.arrived} connections`);
});

Deno.test("Cycles ends a cycle that other connections come through meanwhile", async () => {
  const world = new World(forwards(20));
  const clients = Array.from({ length: 4 }, async (_, index) => {
    await wait(index * 15);
    await world.connect(of(request), "10.0.0.7");
  });
  await Promise.all(clients);
  assert.ok(world.found.length >= 1);
});

Deno.test("Cycles ends a cycle through two redirects that both look for it", async () => {
  const first: World = new World(() => async (bytes) => {
    await wait(5);
    await second.connect(bytes);
  });
  const second: World = new World(() => async (bytes) => {
    await wait(5);
    await first.connect(bytes);
  });
  await first.connect(of(request));
  assert.ok(first.found.length + second.found.length >= 1);
  assert.ok(first.arrived + second.arrived <= 2 * few, `${first.arrived} and ${second.arrived} connections`);
});

/** Returns a program that answers `ms` milliseconds after it has read the whole request. */
const answers = (ms: number): (world: World) => Program => () => async (bytes, answer) => {
  for await (const chunk of bytes) if (new TextDecoder().decode(chunk).endsWith("\r\n\r\n")) break;
  await wait(ms);
  answer();
};

Deno.test("Cycles takes no parallel clients for a cycle, be they alike, and delays none for long", async () => {
  const world = new World(answers(400));
  const clients = Array.from({ length: 40 }, async (_, index) => {
    await wait(index * 20);
    await world.connect(of(request));
  });
  await Promise.all(clients);
  assert.deepEqual([world.found, world.byPod, world.answered], [[], 0, 40]);
  assert.ok(world.longestMs < 1000, `${world.longestMs} ms`);
});

Deno.test("Cycles looks less often where it has looked in vain", async () => {
  const world = new World(answers(100)), delays: number[] = [];
  for (let batch = 0; batch < 3; batch++) {
    world.longestMs = 0;
    const clients = Array.from({ length: 4 }, async (_, index) => {
      await wait(index * 10);
      await world.connect(silence());
    });
    await Promise.all(clients);
    delays.push(world.longestMs);
  }
  assert.deepEqual([world.found, world.arrived], [[], 12]);
  assert.ok(delays[0]! > delays[2]!, `${delays}`);
});

Deno.test("Cycles takes no clients for a cycle that send line by line, or nothing, and get no answer", async () => {
  const lines = [request.subarray(0, 5), request.subarray(5, 16), request.subarray(16)];
  const slowly = async function* () {
    for (const line of lines) {
      yield line;
      await wait(30);
    }
  };
  for (const bytes of [slowly, silence]) {
    const world = new World(() => () => wait(1000));
    await Promise.all(Array.from({ length: 12 }, async (_, index) => {
      await wait(index * 90);
      await world.connect(bytes());
    }));
    assert.deepEqual([world.found, world.byPod], [[], 0]);
  }
});

Deno.test("Cycles takes no steady client for a cycle whose requests are never answered", async () => {
  const paces: [number, () => AsyncIterable<Uint8Array>][] = [[800, () => of(request)], [1000, () => of(request)]];
  await Promise.all(paces.map(async ([ms, bytes]) => {
    const world = new World(() => () => wait(12_000));
    await Promise.all(Array.from({ length: 11 }, async (_, index) => {
      await wait(index * ms);
      await world.connect(bytes());
    }));
    assert.deepEqual([world.found, world.byPod], [[], 0], `one every ${ms} ms`);
  }));
});

Deno.test("Cycles lets an application call its own pod, some times over", async () => {
  const nested = (depth: number): (world: World) => Program => (world) => async (bytes, answer) => {
    let all = "";
    for await (const chunk of bytes) if ((all += new TextDecoder().decode(chunk)).endsWith("\r\n\r\n")) break;
    const level = Number(/^GET \/(\d+)/.exec(all)?.[1] ?? depth);
    if (level > 0) await world.connect(of(new TextEncoder().encode(`GET /${level - 1} HTTP/1.1\r\n\r\n`)));
    answer();
  };
  const world = new World(nested(12));
  await world.connect(of(request));
  assert.deepEqual([world.found, world.byPod, world.answered], [[], 0, 13]);
});
