import type { EventText, TextLook } from "../../renderer.ts";
import { bypassLines } from "./bypass_text.ts";
import type { RedirectEvent } from "./events.ts";
import {
  type RedirConnection,
  type RedirCycle,
  type RedirLeft,
  type RedirLost,
  type RedirPort,
  type RedirResumed,
  type RedirStarted,
  type RedirSummary,
} from "../../event.ts";
import { safe } from "../../text/safe.ts";
import { shortenMiddle } from "../../text/fit_text.ts";
import { bytes, milliseconds, timeOfDay } from "../../text/format.ts";
import { type Look, paint } from "../../text/style.ts";
import { type Cell, type Column, right, table } from "../../text/table.ts";

export type RedirNotice = RedirStarted | RedirConnection | RedirLost | RedirResumed | RedirCycle | RedirLeft;

/** Returns the lines for an event of a redirect. */
export function redirLines(event: RedirNotice, color: boolean): string[] {
  const name = podName(event);
  switch (event.type) {
    case "redir.started":
      return [
        ...event.ports.map((port) => `${name}: ${portText(port, event.mirror === true, color)}`),
        ...startedNotes(event).map((text) => `${name}: ${text}`),
      ];
    case "redir.connection":
      return isQuietProbe(event) ? [] : [connectionLine(event, color)];
    case "redir.lost":
      return [paint(`${name}: connection lost (${safe(event.reason)}): new connections go to the pod`, "bad", color)];
    case "redir.resumed":
      return [paint(`${name}: connected again after ${(event.afterMs / 1000).toFixed(1)} s`, "good", color)];
    case "redir.cycle":
      return [paint(`${name}: ${cycleText(event)}`, "bad", color)];
    case "redir.left":
      return [paint(`${name}: no longer redirected (${safe(event.reason)})`, "slow", color)];
  }
}

function cycleText({ direction, port, local, program, pid }: RedirCycle): string {
  const [which, who] = direction === "outgoing" ? [`outgoing ${port}`, "its destination"] : [String(port), "the pod"];
  const loop = program === undefined ? "it leads back" : `${safe(program)} (pid ${pid}) leads it back`;
  return `${which} → ${safe(local)} is a loop: ${loop} to the pod; for now ${who} answers; choose another local port`;
}

/** Returns true for a successful probe: one every few seconds would push out all other lines. The summary counts it. */
export function isQuietProbe({ probe, servedBy, ended }: RedirConnection): boolean {
  return probe === true && servedBy === "pod" && (ended === "closed" || ended === "reset");
}

export function podName({ namespace, pod }: { namespace: string; pod: string }): string {
  return safe(`${namespace}/${pod}`);
}

function portText({ direction, port, local, listening }: RedirPort, mirror: boolean, color: boolean): string {
  const to = `→ ${paint(safe(local), "accent", color)}`;
  if (direction === "outgoing") return `outgoing to port ${port} ${to}`;
  const note = listening === false ? ` ${paint(`(nobody in the pod listens on ${port})`, "slow", color)}` : "";
  return `${port} ${mirror ? "is answered by the pod, a copy " : ""}${to}${note}`;
}

/** Returns further notes about a redirect that has started. */
function startedNotes({ kept, cut, mesh }: RedirStarted): string[] {
  return [
    ...(kept > 0 ? [keptText(kept)] : []),
    ...(cut !== undefined && cut > 0
      ? [
        `${
          cut === 1 ? "1 connection that was open before was" : `${cut} connections that were open before were`
        } ended`,
      ]
      : []),
    ...(mesh === true ? [meshText] : []),
  ];
}

export const meshText =
  "a service mesh takes what comes from outside; its connections to the application are redirected";

/** Explains why a client that keeps its connections open does not show up. */
export function keptText(kept: number): string {
  return kept === 1
    ? "1 connection that was open before stays with the pod; --cut ends it"
    : `${kept} connections that were open before stay with the pod; --cut ends them`;
}

/** Returns who answered: the address on this machine, or the pod. */
export function servedBy({ servedBy, local }: Pick<RedirConnection, "servedBy" | "local">): string {
  return servedBy === "pod" ? "pod" : safe(local);
}

/** Returns the look of a connection's end: highlighted if the pod answered for a reason, more so if it broke. */
export function endLook({ ended, servedBy, reason, probe }: RedirConnection): Look {
  if (probe === true) return "dim";
  if (ended === "lost" || ended === "failed") return "bad";
  return ended === "reset" || servedBy === "pod" && reason !== undefined ? "slow" : "plain";
}

/**
 * Formats a connection with its words at fixed positions, for awk: time, pod, direction, from, →, to, who answered, bytes each
 * way, seconds, how it ended; then `probe` and the reason.
 */
function connectionLine(event: RedirConnection, color: boolean): string {
  const before = `${timeOfDay(event.time)} ${podName(event)}`;
  const { reason } = event;
  const text = [
    event.direction === "incoming" ? "in " : "out",
    safe(event.from).padEnd(addressWidth),
    "→",
    safe(event.to).padEnd(addressWidth),
    servedBy(event).padEnd("localhost:65535".length),
    `sent=${event.sentBytes}B`.padEnd("sent=123456B".length),
    `received=${event.receivedBytes}B`.padEnd("received=1234567B".length),
    `took=${(event.durationMs / 1000).toFixed(3)}s`.padEnd("took=12.345s".length),
    event.ended,
    ...(event.probe === true ? ["probe"] : []),
    ...(reason === undefined ? [] : [`(${safe(reason)})`]),
  ].join(" ");
  return `${paint(before, "dim", color)} ${paint(text, endLook(event), color)}`;
}

const addressWidth = "255.255.255.255:65535".length;

/**
 * Returns the table at the end of a redirect, with the time that the local application took to accept; empty without summaries.
 */
export function redirSummary(summaries: readonly RedirSummary[], columns: number, color: boolean): string[] {
  if (summaries.length === 0) return [];
  const count = columns < 40 ? "CONN" : "CONNECTIONS";
  const heads: Column[] = [
    { title: "POD" },
    { title: "DIRECTION", drop: summaries.every(({ direction }) => direction === "incoming") ? 0 : 7 },
    right("PORT"),
    right(count),
    right("BY-POD", 6),
    right("BROKEN", 5),
    right("SENT", 4),
    right("RECEIVED", 3),
    right("P50/ms", 2),
    right("MAX/ms", 1),
  ];
  // Pod, port and connections stay in the narrowest window.
  const name = Math.max(columns - "65535".length - Math.max(5, count.length) - 4, 6);
  const rows = summaries.map((one): Cell[] => {
    const notable = (value: number, look: Look): Cell => ({ text: String(value), look: value > 0 ? look : "plain" });
    const time = (ms: number | undefined): Cell => ({ text: ms === undefined ? "-" : milliseconds(ms) });
    return [
      { text: shortenMiddle(podName(one), name) },
      { text: one.direction },
      { text: String(one.port) },
      { text: String(one.connections) },
      notable(one.toPod, "slow"),
      notable(one.broken, "bad"),
      { text: bytes(one.sentBytes) },
      { text: bytes(one.receivedBytes) },
      time(one.connectP50Ms),
      time(one.connectMaxMs),
    ];
  });
  return table(heads, rows, columns, color);
}

export function redirectText({ color, columns }: TextLook): EventText<RedirectEvent> {
  const summaries: RedirSummary[] = [];
  return {
    drawn: true,
    lines(event) {
      switch (event.type) {
        case "redir.opened":
        case "redir.traffic":
        case "bypass.traffic":
          return [];
        case "redir.summary":
          summaries.push(event);
          return [];
        case "bypass.started":
        case "bypass.lost":
        case "bypass.resumed":
        case "bypass.summary":
          return bypassLines(event, color);
        default:
          return redirLines(event, color);
      }
    },
    tables: () => [redirSummary(summaries, columns(), color)],
  };
}
