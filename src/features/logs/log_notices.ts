import type { Event, LogBack, LogLost } from "../../event.ts";
import { noticeText, selectedText } from "./text.ts";

/** Time during which events of several logs are gathered into one notice, in milliseconds. */
const gatherMs = 300;
/** Number of containers that a notice names; more are only counted. */
const named = 2;

/** Turns events about the logs into notices, and passes on the events for stdout: log lines and the command's output. */
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
  const initContainers = new Set<string>();
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
          // The start and the successful end of an init container are expected, so they get no notice.
          if (event.kind === "init") initContainers.add(`${event.pod} ${event.container}`);
          else if (!event.initial) notice(noticeText(event));
          break;
        case "log.ended":
          if (event.exitCode !== 0 || !initContainers.has(`${event.pod} ${event.container}`)) notice(noticeText(event));
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
    lost.flush();
    back.flush();
  }
}

function several(all: readonly { pod: string; container: string }[]): string {
  if (all.length > named) return `${all.length} containers`;
  return all.map(({ pod, container }) => `${pod} ${container}`).join(" and ");
}

/** Gathers events of one kind for `gatherMs` into one notice. */
class Gathered<T> {
  #events: T[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly notice: (events: readonly T[]) => void) {}

  add(event: T): void {
    this.#events.push(event);
    this.#timer ??= setTimeout(() => this.flush(), gatherMs);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#events.length > 0) this.notice(this.#events);
    this.#events = [];
  }
}
