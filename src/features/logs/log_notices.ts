import type { Event, LogBack, LogLost } from "../../event.ts";
import { noticeText, selectedText } from "./text.ts";

/** What happens to several logs at once is one piece of news; milliseconds. */
const gatherMs = 300;
/** So many are named; more are counted. */
const named = 2;

/** Says what happens to the logs, and passes on what belongs on stdout: their lines, and what a command printed. */
export async function* sayNotices(events: AsyncIterable<Event>, notice: (text: string) => void): AsyncIterable<Event> {
  const lost = new Gathered<LogLost>((all) => {
    notice(`lost the logs of ${several(all)}, trying again (${all[0]!.reason})`);
  });
  const back = new Gathered<LogBack>((all) => {
    notice(
      `the logs of ${several(all)} are back after ${
        (Math.max(...all.map(({ afterMs }) => afterMs)) / 1000).toFixed(1)
      } s`,
    );
  });
  const preparing = new Set<string>();
  try {
    for await (const event of events) {
      switch (event.type) {
        case "log.lost":
          lost.add(event);
          break;
        case "log.back":
          back.add(event);
          break;
        case "log.started":
          // That what prepares a pod begins and ends is a matter of course.
          if (event.kind === "init") preparing.add(`${event.pod} ${event.container}`);
          else if (!event.initial) notice(noticeText(event));
          break;
        case "log.ended":
          if (event.exitCode !== 0 || !preparing.has(`${event.pod} ${event.container}`)) notice(noticeText(event));
          break;
        case "log.restarted":
        case "log.waiting":
        case "log.gone":
        case "log.gap":
          notice(noticeText(event));
          break;
        case "log.selected": {
          const text = selectedText(event);
          if (text !== undefined) notice(text);
          yield event;
          break;
        }
        default:
          yield event;
      }
    }
  } finally {
    lost.tell();
    back.tell();
  }
}

function several(all: readonly { pod: string; container: string }[]): string {
  if (all.length > named) return `${all.length} containers`;
  return all.map(({ pod, container }) => `${pod} ${container}`).join(" and ");
}

/** Events of one kind that come within a moment. */
class Gathered<T> {
  #events: T[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly notice: (events: readonly T[]) => void) {}

  add(event: T): void {
    this.#events.push(event);
    this.#timer ??= setTimeout(() => this.tell(), gatherMs);
  }

  tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#events.length > 0) this.notice(this.#events);
    this.#events = [];
  }
}
