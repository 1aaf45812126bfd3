/** Escapes the text of a table cell, which a pipe would end. */
export const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** Returns the lines of a table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)];
}

/** Replaces the lines between the marks `<!-- NAME -->` and `<!-- end -->` of a page. Throws Error when they are missing. */
export function replacePart(page: string, name: string, lines: readonly string[]): string {
  const part = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- end -->)`);
  if (!part.test(page)) throw new Error(`there is no part "${name}"`);
  return page.replace(part, (_whole, open, close) => `${open}${lines.join("\n")}\n${close}`);
}
