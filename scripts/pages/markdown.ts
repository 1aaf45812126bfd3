/** A table cell: a pipe would end it. */
export const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

/** A table of these rows, line by line. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)];
}

/** Puts lines between the marks `<!-- NAME -->` and `<!-- end -->` of a page. Throws Error when it has no such marks. */
export function replacePart(page: string, name: string, lines: readonly string[]): string {
  const part = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- end -->)`);
  if (!part.test(page)) throw new Error(`there is no part "${name}"`);
  return page.replace(part, (_whole, open, close) => `${open}${lines.join("\n")}\n${close}`);
}
