/** An error in a file of variables (dotenv format), and its line number, from 1. */
export interface LineTrouble {
  line: number;
  what: string;
}

/** Returns the first line with invalid syntax: the parser would skip it silently. */
export function brokenLine(text: string): LineTrouble | undefined {
  const lines = text.replace(/^\ufeff/, "").split(/\r\n?|\n/);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (/^\s*(?:#|$)/.test(line)) continue;
    const value = /^\s*(?:export\s+)?[\w.-]+(?:\s*=|:\s)(.*)$/.exec(line)?.[1];
    if (value === undefined) return { line: at + 1, what: "is no NAME=VALUE" };
    const quote = /^\s*(["'`])/.exec(value)?.[1];
    if (quote === undefined) continue;
    // A quoted value may span several lines.
    const closes = (rest: string) => new RegExp(`^(?:\\\\${quote}|[^${quote}])*${quote}`).test(rest);
    let end = at, rest = value.slice(value.indexOf(quote) + 1);
    while (!closes(rest) && end + 1 < lines.length) rest += `\n${lines[++end]}`;
    if (!closes(rest)) return { line: at + 1, what: `has no second ${quote}` };
    at = end;
  }
  return undefined;
}

/** Returns unknown names that begin with SCOPE_, with their lines. */
export function unknownNames(text: string, known: readonly string[]): (LineTrouble & { name: string })[] {
  return text.split(/\r\n?|\n/).flatMap((line, at) => {
    const name = /^\s*(?:export\s+)?(SCOPE_[\w.-]*)(?:\s*=|:\s)/.exec(line)?.[1];
    return name === undefined || known.includes(name) ? [] : [{ line: at + 1, what: "is no variable of scope", name }];
  });
}
