import { shortenMiddle, width } from "../../text/fit_text.ts";
import { clock } from "../../text/format.ts";
import { redirNotes } from "./redir_notes.ts";
import { connectionRows, portRows, signs } from "./redir_rows.ts";
import { openInOrder, portsInOrder } from "./redir_order.ts";
import { type PortSeen, type RedirState, standings } from "./redir_state.ts";
import { podName } from "./text.ts";
import { scrolledRows } from "../../text/scrolled_rows.ts";
import { line, type Span } from "../../text/style.ts";

/** View of a redirect: the window, the time, and the choices of the user. */
export interface RedirView {
  columns: number;
  rows: number;
  color: boolean;
  /** In milliseconds since 1970. */
  now: number;
  /** Time since the start, in milliseconds. */
  elapsedMs: number;
  /** Key of the port whose connections are shown; undefined for those of all ports. */
  selected?: string;
  /** Number of connections scrolled past. */
  scrolled: number;
  /** Sorts open connections by traffic instead of the newest first. */
  busiest: boolean;
}

/** Returns the whole frame: at most `rows` lines, none wider than `columns`. */
export function redirFrame(state: RedirState, view: RedirView): string[] {
  const { columns, rows, color } = view;
  if (rows < 1 || columns < 1) return [];
  const ports = portsInOrder(state);
  const lines = [head(state, view), ...body(state, ports, view, Math.max(0, rows - 2)).slice(0, Math.max(0, rows - 2))];
  while (lines.length < rows - 1) lines.push([]);
  if (rows > 1) lines.push(foot(ports.length, view));
  return lines.map((spans) => line(spans, columns, color));
}

function body(state: RedirState, ports: readonly PortSeen[], view: RedirView, rows: number): Span[][] {
  const { columns, now, selected } = view;
  const pods = state.pods.size > 1;
  const air = rows >= 12 ? 1 : 0;
  const notes = redirNotes(state, { now, rows: rows >= 8 ? Math.floor(rows / 4) : rows >= 3 ? 1 : 0 });
  const left = rows - notes.length - air - (notes.length > 0 ? air : 0);
  const port = ports.find(({ key }) => key === selected);
  const open = openInOrder(state, { port, busiest: view.busiest, now });
  const ended = (port?.recent ?? state.recent).slice(-100).reverse();
  const headed = left >= 4 ? 1 : 0;
  const [titles = [], ...figures] = portRows(ports, {
    columns,
    now,
    pods,
    ...(port === undefined ? {} : { selected: port.key }),
  });
  // Half of the window is for connections once there are some; a few ports are always shown.
  const few = Math.min(figures.length + headed, 5, left - air - 3);
  const forPorts = open.length + ended.length === 0 || left < 6 ? left : Math.max(3, Math.floor(left / 2) - air, few);
  const table = scrolledRows(
    {
      count: figures.length,
      inSight: Math.max(0, ports.findIndex(({ key }) => key === selected)),
      rows: forPorts - headed,
    },
    (at) => figures[at] ?? [],
  );
  const blank = (count: number) => Array.from({ length: count }, (): Span[] => []);
  const lines = [
    ...blank(notes.length > 0 ? air : 0),
    ...notes,
    ...blank(air),
    ...(headed === 1 && ports.length > 0 ? [titles] : []),
    ...table,
  ];
  const room = rows - lines.length - air;
  return room < 2 ? lines : [...lines, ...blank(air), ...connections({ open, ended }, view, { room, pods })];
}

/** Returns rows for open connections and the last ended ones: each kind gets half, or the room that the other leaves. */
function connections(
  { open, ended }: { open: ReturnType<typeof openInOrder>; ended: RedirState["recent"] },
  { columns, now, scrolled }: RedirView,
  { room, pods }: { room: number; pods: boolean },
): Span[][] {
  if (open.length + ended.length === 0) return [];
  const rows = room - 1;
  const forOpen = Math.min(open.length, Math.max(Math.ceil(rows / 2), rows - ended.length));
  const forEnded = Math.min(ended.length, rows - forOpen);
  const part = <T>(all: readonly T[], shown: number): T[] => {
    const from = Math.max(0, Math.min(scrolled, all.length - shown));
    return all.slice(from, from + shown);
  };
  return connectionRows(part(open, forOpen), part(ended, forEnded), { columns, now, pods });
}

/** Returns the top line: the pods, their standing and the elapsed time; signs without words if the words do not fit. */
function head(state: RedirState, { columns, elapsedMs }: RedirView): Span[] {
  const time = clock(elapsedMs);
  const room = (spans: Span[]) => columns - textWidth(spans) - time.length - 1;
  const all = [true, false].map((words) => standing(state, words, columns));
  const fitting = all.find((spans) => room(spans) >= 1);
  if (fitting === undefined) return all[1] ?? [];
  return [...fitting, { text: " ".repeat(room(fitting)) + time, look: "dim" }];
}

function standing(state: RedirState, words: boolean, columns: number): Span[] {
  const title: Span = { text: columns < 40 ? " " : " redir  ", look: "accent" };
  const pods = [...state.pods.values()];
  const [pod] = pods;
  if (pod === undefined) return [title, { text: "starting", look: "dim" }];
  if (pods.length === 1) {
    const { sign, word, look } = signs[pod.standing];
    const stands: Span = { text: words ? `  ${sign} ${word}` : ` ${sign}`, look };
    const room = Math.max(6, columns - textWidth([title, stands]) - "00:00:00".length);
    return [title, { text: shortenMiddle(podName(pod), room), look: "bold" }, stands];
  }
  return [
    title,
    { text: `${pods.length}${words ? " pods" : ""}`, look: "bold" },
    ...["redirected" as const, ...standings.filter((one) => one !== "redirected")].flatMap((one): Span[] => {
      const count = pods.filter(({ standing }) => standing === one).length;
      const { sign, word, look } = signs[one];
      return count === 0 ? [] : [{ text: `  ${sign} ${count}${words ? ` ${word}` : ""}`, look }];
    }),
  ];
}

function textWidth(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + width(text), 0);
}

function foot(ports: number, { busiest }: RedirView): Span[] {
  const keys: [string, string][] = [
    ["q", "quit"],
    ...(ports > 1 ? [["↑↓", "one port"] as [string, string]] : []),
    ["PgUp PgDn", "scroll"],
    ["b", busiest ? "newest first" : "busiest first"],
  ];
  return keys.flatMap((
    [key, does],
  ) => [{ text: ` ${key}`, look: "bold" as const }, { text: ` ${does}  `, look: "dim" as const }]);
}
