import { defined } from "../../lib/defined.ts";
import type { RedirConnection, RedirectedConnection } from "../../event.ts";
import { safe } from "../../text/safe.ts";
import { age, bytes, timeOfDay } from "../../text/format.ts";
import { bytesPerSecond, total } from "./redir_order.ts";
import type { EndedSeen, OpenSeen, PortSeen, Standing } from "./redir_state.ts";
import { endLook, podName, servedBy } from "./text.ts";
import { type SpanColumn, spanTable } from "../../text/span_table.ts";
import type { Look, Span } from "../../text/style.ts";

/** Display of each standing. The signs differ, so that no colour is needed. */
export const signs: Readonly<Record<Standing, { sign: string; word: string; look: Look }>> = {
  redirected: { sign: "●", word: "redirected", look: "good" },
  lost: { sign: "×", word: "lost, coming back", look: "bad" },
  left: { sign: "-", word: "left", look: "dim" },
};

/** From this many columns on, addresses take precedence over another column of figures. */
const roomy = 60;
/** Below this many columns, names and words are cut short in favour of figures. */
const narrow = 40;

/** Width before each row: the mark of the selected row, and a sign. */
const leadWidth = 4;

function withLead(head: Span[], rows: readonly { marked: boolean; sign: Span; row: Span[] }[]): Span[][] {
  return [
    [{ text: " ".repeat(leadWidth) }, ...head],
    ...rows.map(({ marked, sign, row }): Span[] => [
      { text: marked ? " ▸" : "  ", look: "accent" },
      { ...sign, text: `${sign.text} ` },
      ...row,
    ]),
  ];
}

const right = (title: string, drop: number | undefined, least: number): SpanColumn => ({
  title,
  align: "right",
  least,
  ...defined({ drop }),
});

/** Returns a head, and a row for each port. */
export function portRows(
  ports: readonly PortSeen[],
  { columns, now, selected, pods }: { columns: number; now: number; selected?: string; pods: boolean },
): Span[][] {
  const heads: SpanColumn[] = [
    ...(pods ? [{ title: "POD", shrinks: { to: columns < narrow ? 5 : 16, at: "middle" } } as const] : []),
    right("PORT", undefined, 4),
    { title: "GOES TO", shrinks: { to: columns < roomy ? 10 : "→ localhost:8080".length, at: "end" }, drop: 6 },
    right("OPEN", 8, 4),
    right("TOTAL", 7, 5),
    right("BY POD", 5, 6),
    right("BROKEN", 3, 6),
    right("SENT", 2, 5),
    right("RECV", 2, 5),
    right("RATE", 1, 7),
  ];
  const out = columns < narrow ? "↑" : "out ";
  const rows = ports.map((port): Span[] => {
    const { pod, direction } = port;
    const gone = pod.standing === "left";
    const count = (value: number, notable: Look): Span => ({
      text: String(value),
      look: value === 0 || gone ? "dim" : notable,
    });
    const rate = bytesPerSecond(port, now);
    return [
      ...(pods ? [{ text: podName(pod), look: gone ? "dim" : "plain" } as const] : []),
      { text: `${direction === "outgoing" ? out : ""}${port.port}`, look: gone ? "dim" : "bold" },
      { text: `→ ${safe(port.local)}`, look: pod.standing === "redirected" ? "accent" : "dim" },
      count(port.open, "good"),
      count(total(port), "plain"),
      count(port.toPod, !pod.mirror && port.toPod > port.probes ? "slow" : "plain"),
      count(port.broken, "bad"),
      { text: bytes(port.sentBytes) },
      { text: bytes(port.receivedBytes) },
      rate === 0 ? { text: "-", look: "dim" } : { text: `${bytes(rate)}/s` },
    ];
  });
  const [head = [], ...laid] = spanTable(heads, rows, columns - leadWidth);
  return withLead(
    head,
    laid.map((row, at) => {
      const port = ports[at];
      const { sign, look } = signs[port?.pod.standing ?? "left"];
      return { marked: port?.key === selected, sign: { text: sign, look }, row };
    }),
  );
}

/** Returns a head, and a row for each connection: open ones, then ended ones. */
export function connectionRows(
  open: readonly OpenSeen[],
  ended: readonly EndedSeen[],
  { columns, now, pods }: { columns: number; now: number; pods: boolean },
): Span[][] {
  const outgoing = [...open, ...ended].some(({ connection }) => connection.direction === "outgoing");
  const heads: SpanColumn[] = [
    { title: "TIME", least: 8, drop: 4 },
    ...(pods ? [{ title: "POD", shrinks: { to: 12, at: "middle" }, drop: 3 } as const] : []),
    { title: "FROM", least: 16, shrinks: { to: columns < roomy ? 9 : 16, at: "middle" } },
    { title: "TO", least: 5, shrinks: { to: outgoing ? 16 : 5, at: "middle" }, drop: 7 },
    { title: "ANSWERED BY", least: 14, shrinks: { to: columns < roomy ? 8 : 14, at: "end" }, drop: 9 },
    right("SENT", 5, 5),
    right("RECV", 6, 5),
    right("TOOK", 2, 6),
    { title: "STATE", least: 6, drop: 8 },
    { title: "", shrinks: { to: 8, at: "end" }, drop: 1 },
  ];
  const common = ({ from, to, direction }: RedirectedConnection, port: PortSeen, time: string): Span[] => [
    { text: timeOfDay(time).slice(0, 8), look: "dim" },
    ...(pods ? [{ text: podName(port.pod), look: "dim" } as const] : []),
    { text: safe(from) },
    // Clients of a pod know its address; only the port matters.
    { text: direction === "outgoing" ? safe(to) : `:${port.port}` },
  ];
  const openRow = (one: OpenSeen): Span[] => [
    ...common(one.connection, one.port, one.time),
    { text: one.port.pod.mirror ? "pod" : safe(one.connection.local), look: "accent" },
    { text: bytes(one.sentBytes) },
    { text: bytes(one.receivedBytes) },
    { text: took(now - one.at), look: "dim" },
    { text: "open", look: "good" },
  ];
  const endedRow = (one: EndedSeen): Span[] => {
    const { connection } = one;
    const { reason, ended, probe } = connection;
    const look = endLook(connection);
    const why = [...(probe === true ? ["probe"] : []), ...(reason === undefined ? [] : [safe(reason)])].join(": ");
    return [
      ...common(connection, one.port, connection.time),
      { text: servedBy(connection), look: connection.servedBy === "pod" ? look : "accent" },
      { text: bytes(connection.sentBytes) },
      { text: bytes(connection.receivedBytes) },
      { text: took(connection.durationMs), look: "dim" },
      { text: ended, look: look === "plain" ? "dim" : look },
      { text: why, look },
    ];
  };
  const [head = [], ...laid] = spanTable(heads, [...open.map(openRow), ...ended.map(endedRow)], columns - leadWidth);
  return withLead(
    head,
    laid.map((row, at) => {
      const connection = ended[at - open.length]?.connection;
      return { marked: false, sign: connection === undefined ? { text: "●", look: "good" } : endSign(connection), row };
    }),
  );
}

function endSign(connection: RedirConnection): Span {
  if (connection.ended !== "closed") return { text: "×", look: "bad" };
  return connection.servedBy === "pod" ? { text: "○", look: endLook(connection) } : { text: "·", look: "dim" };
}

/** Formats `12ms`, `1.5s`, `3h20m`. */
function took(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))}ms`;
  return milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)}s` : age(milliseconds);
}
