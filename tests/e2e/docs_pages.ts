/** Examples of the pages of docs/: their commands, and the comparison of expected and real output. */

/** One command of a ```console block. */
export interface Example {
  /** Line number in the page, from 1, for messages. */
  line: number;
  command: string;
  /** Expected lines of both streams, as a terminal shows them; `…` stands for any number of lines. */
  output: readonly string[];
  /** Number of these lines to wait for before pressing Ctrl-C; missing: no Ctrl-C. */
  beforeInterrupt?: number;
  /** Port of a server on this machine that answers while the command runs. */
  serve?: number;
  /** Command to repeat meanwhile, as another user's activity. */
  meanwhile?: string;
  /** Command to run before, which sets up the reader's cluster. */
  before?: string;
}

/**
 * Reads the setup of a block from hidden comments before it: `<!-- serve 8080 -->`, `<!-- meanwhile COMMAND -->`,
 * `<!-- before COMMAND -->`.
 */
function circumstances(comments: readonly string[]): Pick<Example, "serve" | "meanwhile" | "before"> {
  const said = new Map(comments.map((comment) => {
    const [, word = "", rest = ""] = /^(\w+) (.*)$/.exec(comment) ?? [];
    return [word, rest];
  }));
  const serve = said.get("serve"), meanwhile = said.get("meanwhile"), before = said.get("before");
  return {
    ...(serve === undefined ? {} : { serve: Number(serve) }),
    ...(meanwhile === undefined ? {} : { meanwhile }),
    ...(before === undefined ? {} : { before }),
  };
}

/** Reads the ```console blocks of a page of Markdown. */
export function examplesOf(page: string): Example[] {
  const examples: { -readonly [Key in keyof Example]: Example[Key] }[] = [];
  let inside = false, comments: string[] = [], output: string[] = [], continued = false;
  for (const [at, line] of page.split("\n").entries()) {
    const last = examples.at(-1);
    if (!inside) {
      if (line === "```console") inside = true;
      else if (line.startsWith("<!-- ")) comments.push(line.slice(5, line.lastIndexOf("-->")).trim());
      else if (line.trim() !== "") comments = [];
    } else if (line === "```") {
      inside = false;
      comments = [];
    } else if (continued && last !== undefined) {
      last.command += `\n${line.replace(/^> /, "")}`;
      continued = line.endsWith("\\");
    } else if (line.startsWith("$ ")) {
      output = [];
      examples.push({ line: at + 1, command: line.slice(2), output, ...circumstances(comments) });
      // It runs once, before the first command of the block.
      comments = comments.filter((comment) => !comment.startsWith("before "));
      continued = line.endsWith("\\");
    } else if (line === "^C" && last !== undefined) {
      last.beforeInterrupt = output.length;
    } else {
      output.push(line);
    }
  }
  return examples;
}

/** Normalizes the parts of a line that vary between runs: names of pods, ids, numbers and their units, users, blanks. */
export function shapeOf(line: string): string {
  return line
    .replaceAll(/[\w.-]+@[\w.-]+/g, "USER")
    .replaceAll(/localhost\/scope\/endoscope:\w+|registry\.example\.com\/[\w/.-]+:\w+/g, "IMAGE")
    .replaceAll(/-[bcdf-hj-np-tv-xz2-9]{6,10}-[bcdf-hj-np-tv-xz2-9]{5}\b/g, "-*")
    .replaceAll(/\bscope-(?:node\d+-)?[0-9a-f]{6,10}\b/g, "scope-*")
    .replaceAll(/\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{5,}\b/g, "*")
    .replaceAll(/\b0x[0-9a-f]+\b/g, "*")
    .replaceAll(/\b(?:\d+h)?(?:\d+m)?\d+s\b/g, "0u")
    .replaceAll(/\d+(?:\.\d+)?/g, "0")
    .replaceAll(/\b0 ?(?:ns|µs|us|ms|s|B|kB|KB|K|MB|M|GB|G|KiB|MiB|GiB)(?:\/s)?\b/g, "0u")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** Matches notices that are printed only when something takes long. */
const isWaiting = (line: string) => line.startsWith("waiting for ");

/** Describes the differences between the expected and the printed lines; their order does not count. */
export function differences(expected: readonly string[], printed: readonly string[]): string[] {
  const left = printed.filter((line) => line.trim() !== "" && !isWaiting(line));
  const missing = expected.filter((line) => {
    if (line.trim() === "" || line.trim() === "…") return false;
    const at = left.findIndex((other) => shapeOf(other) === shapeOf(line));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  const open = expected.some((line) => line.trim() === "…");
  return [
    ...missing.map((line) => `the page says, and it was not printed: ${line}`),
    ...(open ? [] : left.map((line) => `printed, and the page does not say it: ${line}`)),
  ];
}

/** Returns the page with the real output, except for examples that leave lines out or are interrupted. */
export function withOutput(page: string, printed: ReadonlyMap<number, readonly string[]>): string {
  const lines = page.split("\n");
  // From the end backwards, so that earlier line numbers stay valid.
  for (const example of examplesOf(page).toReversed()) {
    const fresh = printed.get(example.line);
    if (fresh === undefined || example.beforeInterrupt !== undefined || example.output.includes("…")) continue;
    const from = example.line - 1 + example.command.split("\n").length;
    const publicImage = "registry.example.com/scope/endoscope:1";
    const shown = fresh.filter((line) => !isWaiting(line)).map((line) =>
      line.replaceAll(/localhost\/scope\/endoscope:\w+/g, publicImage).trimEnd()
    );
    lines.splice(from, example.output.length, ...shown);
  }
  return lines.join("\n");
}
