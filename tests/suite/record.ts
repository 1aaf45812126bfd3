/** Results of earlier runs on this machine: durations in seconds, and fingerprints of sources with which a file passed. */
export interface Results {
  readonly seconds: Readonly<Record<string, number>>;
  readonly passed: Readonly<Record<string, string>>;
}

const none: Results = { seconds: {}, passed: {} };

/** Reads the results of earlier runs; there are none in a missing or broken file. */
export function readResults(path: string): Results {
  try {
    const { seconds = {}, passed = {} } = JSON.parse(Deno.readTextFileSync(path));
    return { seconds, passed };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return none;
    throw error;
  }
}

/** Adds results to those in the file. The last run wins if several end at the same time. */
export function writeResults(path: string, added: Results): void {
  const { seconds, passed } = readResults(path);
  const all: Results = { seconds: { ...seconds, ...added.seconds }, passed: { ...passed, ...added.passed } };
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(`${path}.part.${Deno.pid}`, JSON.stringify(all));
  Deno.renameSync(`${path}.part.${Deno.pid}`, path);
}
