import { bypassKeptText, bypassStartedText, bypassSummaryText } from "./bypass.ts";
import type { BypassLost, BypassResumed, BypassStarted, BypassSummary } from "../../event.ts";
import { safe } from "../../text/safe.ts";
import { paint } from "../../text/style.ts";

export type BypassNotice = BypassStarted | BypassLost | BypassResumed | BypassSummary;

/** Returns the lines for an event of a bypass. */
export function bypassLines(event: BypassNotice, color: boolean): string[] {
  return textsOf(event, color).map((text) => `${safe(`${event.namespace}/${event.pod}`)}: ${text}`);
}

function textsOf(event: BypassNotice, color: boolean): string[] {
  switch (event.type) {
    case "bypass.started": {
      const kept = bypassKeptText(event.kept);
      const first = `${paint(bypassStartedText(event), "accent", color)}, until this command ends: Ctrl-C`;
      return kept === undefined ? [first] : [first, kept];
    }
    case "bypass.lost":
      return [paint(`connection lost (${safe(event.reason)}): new connections go through the sidecar`, "bad", color)];
    case "bypass.resumed":
      return [paint(`connected again after ${(event.afterMs / 1000).toFixed(1)} s`, "good", color)];
    case "bypass.summary":
      return [bypassSummaryText(event)];
  }
}
