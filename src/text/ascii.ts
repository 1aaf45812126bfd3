/** Signs that scope draws with, and what stands for each where only ASCII is sure to be seen: one column for one. */
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

/** The text with scope's own signs in ASCII. Names from a cluster stay as they are. */
export function ascii(text: string): string {
  return text.replaceAll(/[\u00b7\u00d7\u2013\u2014\u2026\u2190-\u2193\u2500-\u25ff]/g, (sign) => signs[sign] ?? "?");
}

/**
 * Whether the locale that these variables name has more characters than ASCII. One that names none counts so: terminals
 * without a locale, as behind ssh or in containers, nearly all are UTF-8.
 */
export function isUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
  return locale === "" || /utf-?8/i.test(locale);
}
