/**
 * Converts a terminal's screen, as `tmux capture-pane -e -p` prints it, from standard input to an SVG on standard output.
 * Supports the attributes and the 8 + 8 colours of ECMA-48's SGR, which is all that scope uses.
 */
const cell = { width: 8.4, height: 18 };
const palette = ["#5c6370", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0"];
const ink = "#d7dae0", paper = "#1e2127";

interface Style {
  color?: string;
  bold?: boolean;
  dim?: boolean;
  inverse?: boolean;
}

/** Returns a screen as SVG. Every run of equal style is a text element with a fixed length, so that columns line up. */
export function ansiToSvg(screen: string): string {
  const lines = screen.replace(/\n+$/, "").split("\n");
  let columns = 0;
  const texts: string[] = [];
  let style: Style = {};
  lines.forEach((line, row) => {
    let column = 0;
    // deno-lint-ignore no-control-regex -- escape sequences begin with one
    for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
      // deno-lint-ignore no-control-regex -- escape sequences begin with one
      const codes = /^\x1b\[([0-9;]*)m$/.exec(part)?.[1];
      if (codes !== undefined) {
        for (const code of codes.split(";")) style = applied(style, Number(code));
        continue;
      }
      const length = [...part].length;
      if (part.trim() !== "" || style.inverse) texts.push(element(part, row, column, length, style));
      column += length;
    }
    columns = Math.max(columns, column);
  });
  const width = Math.ceil((columns + 2) * cell.width), height = (lines.length + 2) * cell.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="14" fill="${ink}">`,
    `<rect width="100%" height="100%" rx="8" fill="${paper}"/>`,
    ...texts,
    "</svg>",
    "",
  ].join("\n");
}

function applied(style: Style, code: number): Style {
  if (code === 0) return {};
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 7) return { ...style, inverse: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 27) return { ...style, inverse: false };
  if (code === 39) return { ...style, color: ink };
  const color = code >= 90 ? palette[code - 90] : code >= 30 && code < 38 ? palette[code - 30] : undefined;
  return color === undefined ? style : { ...style, color };
}

function element(text: string, row: number, column: number, length: number, style: Style): string {
  const x = ((column + 1) * cell.width).toFixed(1),
    y = (row + 1.75) * cell.height,
    width = (length * cell.width).toFixed(1);
  const attributes = [
    `x="${x}" y="${y}" textLength="${width}" xml:space="preserve"`,
    style.inverse ? `fill="${paper}"` : style.color === undefined ? "" : `fill="${style.color}"`,
    style.bold ? `font-weight="bold"` : "",
    style.dim ? `opacity="0.6"` : "",
  ].filter((attribute) => attribute !== "");
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const behind = style.inverse
    ? `<rect x="${x}" y="${row * cell.height + cell.height}" width="${width}" height="${cell.height}" fill="${
      style.color ?? ink
    }"/>`
    : "";
  return `${behind}<text ${attributes.join(" ")}>${escaped}</text>`;
}

if (import.meta.main) console.log(ansiToSvg(await new Response(Deno.stdin.readable).text()).trimEnd());
