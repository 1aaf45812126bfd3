/** Signs that scope draws with, each with its ASCII replacement of the same width. */
const signs: Readonly<Record<string, string>> = {
  ...{ "▁": "_", "▂": ".", "▃": "-", "▄": "=", "▅": "+", "▆": "*", "▇": "%", "█": "#" },
  ...{ "×": "x", "·": ".", "…": "~", "○": "o", "●": "*", "◐": "%", "▸": ">" },
  ...{ "→": ">", "←": "<", "↑": "^", "↓": "v", "–": "-", "—": "-" },
  ...{ "─": "-", "│": "|", "┤": "|", "├": "|", "┼": "+", "┬": "+", "┴": "+" },
  ...{
    "╭": "+",
    "╮": "+",
    "╰": "+",
    "╯": "+",
    "┌": "+",
    "┐": "+",
    "└": "+",
    "┘": "+",
    "╶": "-",
    "╴": "-",
    "╷": "|",
    "╵": "|",
  },
};

/** Replaces scope's own signs by ASCII. Names from a cluster stay unchanged. */
export function ascii(text: string): string {
  return text.replaceAll(/[\u00b7\u00d7\u2013\u2014\u2026\u2190-\u2193\u2500-\u25ff]/g, (sign) => signs[sign] ?? "?");
}

/**
 * Returns true if the locale in these variables supports more than ASCII. An unset locale counts as Unicode: nearly all
 * terminals without a locale, as with ssh or in containers, use UTF-8.
 */
export function isUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
  return locale === "" || /utf-?8/i.test(locale);
}
