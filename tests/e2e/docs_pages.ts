/** The examples of a page of docs/: what they run, what it is to print, and how alike both are. */

/** One command of a ```console block. */
export interface Example {
  /** Of the page, counted from 1: for messages. */
  line: number;
  command: string;
  /** Lines that it prints, as a terminal shows both streams; `…` stands for any number of lines. */
  output: readonly string[];
  /** Set: so many of these lines come before Ctrl-C is pressed. */
  beforeInterrupt?: number;
  /** A server on this port of this machine answers while it runs. */
  serve?: number;
  /** Run again and again while it runs: what somebody else does at that time. */
  meanwhile?: string;
  /** Run before it: what has happened to the reader's cluster. */
  before?: string;
}

/**
 * What goes on around a block, hidden in comments before it: `<!-- serve 8080 -->`, `<!-- meanwhile COMMAND -->`,
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
      // It happens once, before the first command of the block.
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

/** A line without what differs from run to run: names of pods, ids, numbers and their units, people, blanks. */
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

/** Said only where something takes long. */
const isWaiting = (line: string) => line.startsWith("waiting for ");

/** How what was printed differs from what a page says, in words; the order of lines does not count. */
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

/** The same page with what was really printed, where a command neither left lines out nor was interrupted. */
export function withOutput(page: string, printed: ReadonlyMap<number, readonly string[]>): string {
  const lines = page.split("\n");
  // From the end on, so that line numbers before it stay.
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
