/**
 * Characters that drive a terminal, or that nobody sees. U+200C and U+200D belong to the writing of words and emoji, and the
 * Arabic signs that Unicode counts as formats are seen.
 */
const unsafe = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]--[\u200c\u200d\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2]]/gv;
/** Most text, told quickly: live pictures ask for thousands of names a second. */
const printable = /^[\x20-\x7e]*$/;
const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

let forProgram = false;

/**
 * Makes text that a program reads, from a pipe or a file: within `body`, which must not wait, `safe` keeps all characters but
 * the end of a line, which would make two records of one.
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
 * The text with everything escaped that could drive a terminal or turn its writing direction: names and command lines
 * come from a target that may be hostile.
 */
export function safe(text: string): string {
  if (printable.test(text)) return text;
  return forProgram ? text.replaceAll("\n", "\\n") : escaped(text);
}

/** The same, whoever reads it. */
export function escaped(text: string): string {
  return text.replaceAll(unsafe, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return short[character] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`);
  });
}

// deno-lint-ignore no-control-regex -- the escape sequences of colours begin with one
const colors = /\x1b\[[0-9;:]*m/g;

/**
 * The same of what a program printed: tabs stay, ends of lines where there are any, and colours where `color` says so; else
 * they are left out.
 */
export function safePrinted(text: string, color: boolean): string {
  if (printable.test(text)) return text;
  const plain = (part: string) => part.split(/([\t\n])/).map((one, at) => at % 2 === 0 ? safe(one) : one).join("");
  if (!color) return plain(text.replaceAll(colors, ""));
  const painted = text.matchAll(colors).toArray();
  let all = "", at = 0;
  for (const { 0: sequence, index } of painted) {
    all += plain(text.slice(at, index)) + sequence;
    at = index + sequence.length;
  }
  return all + plain(text.slice(at));
}
