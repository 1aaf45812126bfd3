/**
 * Characters that control a terminal or are invisible. Excluded are U+200C and U+200D, which words and emoji need, and the
 * Arabic signs that Unicode counts as formats although they are visible.
 */
const unsafe = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]--[\u200c\u200d\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2]]/gv;
/** Fast path for most text: live views escape thousands of names a second. */
const printable = /^[\x20-\x7e]*$/;
const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

let forProgram = false;

/**
 * Runs `body` for output that a program reads, from a pipe or a file: within it, `safe` escapes only line ends, which would
 * split a record. `body` must be synchronous.
 */
export function forPrograms<T>(body: () => T): T {
  const before = forProgram;
  forProgram = true;
  try {
    return body();
  } finally {
    forProgram = before;
  }
}

/**
 * Escapes everything that could control a terminal or change its writing direction: names and command lines come from a target
 * that may be hostile.
 */
export function safe(text: string): string {
  if (printable.test(text)) return text;
  return forProgram ? text.replaceAll("\n", "\\n") : escaped(text);
}

/** Escapes as `safe` does, also for output that a program reads. */
export function escaped(text: string): string {
  return text.replaceAll(unsafe, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return short[character] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`);
  });
}

// deno-lint-ignore no-control-regex -- the escape sequences of colours begin with one
const colors = /\x1b\[[0-9;:]*m/g;

/**
 * Escapes a program's output as `escape` does, but keeps tabs and line ends. Colours are kept if `color` is true, else removed.
 */
export function safePrinted(text: string, color: boolean, escape = safe): string {
  if (printable.test(text)) return text;
  const plain = (part: string) => part.split(/([\t\n])/).map((one, at) => at % 2 === 0 ? escape(one) : one).join("");
  if (!color) return plain(text.replaceAll(colors, ""));
  const painted = text.matchAll(colors).toArray();
  let all = "", at = 0;
  for (const { 0: sequence, index } of painted) {
    all += plain(text.slice(at, index)) + sequence;
    at = index + sequence.length;
  }
  return all + plain(text.slice(at));
}
