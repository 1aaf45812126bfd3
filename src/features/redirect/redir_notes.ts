import { safe } from "../../text/safe.ts";
import { age } from "../../text/format.ts";
import { portsInOrder, total } from "./redir_order.ts";
import type { PodSeen, PortSeen, RedirState } from "./redir_state.ts";
import { keptText, meshText, podName } from "./text.ts";
import type { Look, Span } from "../../text/style.ts";
import { failedLine } from "../../text/failed_line.ts";

/** Time for which a pod that left or failed is shown, in milliseconds, while others are redirected. */
const recentMs = 60_000;
/** Time for which a trouble stays visible after its end, in milliseconds: short-lived lines cannot be read. */
const troubleMs = 10_000;

interface Note {
  /** Undefined if the note is about no single pod. */
  pod?: PodSeen;
  text: string;
  look: Look;
}

/** Returns notes for the user, the most urgent first; at most `rows` lines. */
export function redirNotes(state: RedirState, { now, rows }: { now: number; rows: number }): Span[][] {
  if (rows < 1) return [];
  const alone = state.pods.size === 1;
  // Equal notes of several pods are merged.
  const groups = new Map<string, { pods: Set<PodSeen>; look: Look }>();
  for (const { pod, text, look } of notes(state, now)) {
    const group = groups.get(text) ?? { pods: new Set(), look };
    if (pod !== undefined) group.pods.add(pod);
    groups.set(text, group);
  }
  return [...groups].slice(0, rows).map(([text, { pods, look }]): Span[] => {
    const [pod] = pods;
    const about = pod === undefined || alone ? "" : pods.size === 1 ? `${podName(pod)}: ` : `${pods.size} pods: `;
    return [{ text: ` ${about}${text}`, look }];
  });
}

function notes(state: RedirState, now: number): Note[] {
  const pods = [...state.pods.values()];
  const of = (standing: PodSeen["standing"]) => pods.filter((pod) => pod.standing === standing);
  const redirected = of("redirected");
  const ports = portsInOrder(state).filter(({ pod }) => pod.standing === "redirected");
  const isRecent = (at: number) => redirected.length === 0 || now - at < recentMs;
  const kept = redirected.reduce((sum, pod) => sum + pod.kept, 0);
  return [
    ...state.failed.filter(({ time }) => isRecent(Date.parse(time))).reverse()
      .map((event): Note => ({ text: failedLine(event, false), look: "bad" })),
    ...of("lost").map((pod): Note => ({ pod, text: lostText(pod, now), look: "bad" })),
    ...ports.flatMap((port) => troubleNote(port, now)),
    ...of("left").filter(({ since }) => isRecent(since)).sort((a, b) => b.since - a.since)
      .map((pod): Note => ({ pod, text: `no longer redirected (${safe(pod.reason ?? "")})`, look: "slow" })),
    ...ports.filter((port) => port.listening === false && total(port) === 0)
      .map(({ pod, port }): Note => ({ pod, text: `nobody in the pod listens on ${port}`, look: "slow" })),
    ...redirected.filter(({ mirror }) => mirror)
      .map((pod): Note => ({ pod, text: "the pod answers, and this machine gets a copy", look: "dim" })),
    ...(kept === 0 ? [] : [{ text: keptText(kept), look: "dim" } as const]),
    ...redirected.filter(({ mesh }) => mesh).map((pod): Note => ({ pod, text: meshText, look: "dim" })),
  ];
}

function lostText({ reason = "", since }: PodSeen, now: number): string {
  return `connection lost ${age(now - since)} ago (${safe(reason)}): new connections go to the pod`;
}

function troubleNote({ pod, port, direction, trouble }: PortSeen, now: number): Note[] {
  if (trouble === undefined || trouble.over && now - trouble.at >= troubleMs) return [];
  const which = direction === "outgoing" ? `outgoing ${port}` : String(port);
  const who = trouble.byPod ? "the pod" : "nobody";
  return [{
    pod,
    text: `${which} was answered by ${who} (${safe(trouble.reason)})`,
    look: trouble.over ? "dim" : "slow",
  }];
}
