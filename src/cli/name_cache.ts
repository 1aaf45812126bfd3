import type { Candidate } from "./completion.ts";
import { userDirectory } from "../terminal/user_directory.ts";

/** Age up to which an answer is used, in milliseconds. */
const lifeMs = 5 * 60_000;
/** Time during which a background request prevents others, in milliseconds. */
const claimMs = 10_000;

/**
 * Cache of names that a cluster returned, kept for a few minutes: for completions if the machine or the cluster is too busy to
 * answer in time. Stored in the user's cache directory, readable by the user only. Failures are ignored.
 */
export class NameCache {
  readonly #directory = ((parent) => parent === undefined ? undefined : `${parent}/completions`)(
    userDirectory("XDG_CACHE_HOME", ".cache"),
  );
  readonly #path: string;

  /** `question` contains everything that the answer depends on, and no secret. */
  constructor(private readonly question: string) {
    this.#path = `${this.#directory}/${hash(question)}.json`;
  }

  read(): Candidate[] | undefined {
    if (this.#directory === undefined) return undefined;
    try {
      if (ageOf(this.#path) > lifeMs) return undefined;
      const { question, candidates } = JSON.parse(Deno.readTextFileSync(this.#path));
      return question === this.question && Array.isArray(candidates) && candidates.every(isCandidate)
        ? candidates
        : undefined;
    } catch {
      return undefined;
    }
  }

  write(candidates: readonly Candidate[]): void {
    const part = `${this.#path}.${crypto.randomUUID()}`;
    this.#change((directory) => {
      for (const { name } of Deno.readDirSync(directory)) {
        if (ageOf(`${directory}/${name}`) > lifeMs) Deno.removeSync(`${directory}/${name}`);
      }
      Deno.writeTextFileSync(part, JSON.stringify({ question: this.question, candidates }), {
        mode: 0o600,
        createNew: true,
      });
      Deno.renameSync(part, this.#path); // atomic for concurrent readers and writers
    });
  }

  /** Returns true for the first caller that is about to repeat the request in the background. */
  claim(): boolean {
    const claimed = `${this.#path}.asked`;
    return this.#change(() => {
      if (ageOf(claimed) < claimMs) throw new Error("somebody asks already");
      Deno.writeTextFileSync(claimed, "", { mode: 0o600 });
    });
  }

  /** Returns false on failure. */
  #change(body: (directory: string) => void): boolean {
    if (this.#directory === undefined) return false;
    try {
      Deno.mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      body(this.#directory);
      return true;
    } catch {
      return false;
    }
  }
}

/** Returns the milliseconds since a file was written; Infinity if it does not exist. */
function ageOf(path: string): number {
  try {
    return Date.now() - (Deno.lstatSync(path).mtime?.getTime() ?? 0);
  } catch {
    return Infinity;
  }
}

function isCandidate(value: unknown): value is Candidate {
  const { value: text, description = "" } = (value ?? {}) as Partial<Record<keyof Candidate, unknown>>;
  return typeof text === "string" && typeof description === "string";
}

/** Returns a short name for a text (FNV-1a, 64 bits). Of two questions with one name, the later replaces the earlier. */
function hash(text: string): string {
  let sum = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100000001b3n);
  return sum.toString(16).padStart(16, "0");
}
