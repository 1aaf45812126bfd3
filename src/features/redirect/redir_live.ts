import type { Event } from "../../event.ts";
import type { Renderer, Screen } from "../../renderer.ts";
import { FrameTimer } from "../../text/frame_timer.ts";
import { LiveScreen } from "../../text/live_screen.ts";
import { redirFrame } from "./redir_frame.ts";
import { portsInOrder } from "./redir_order.ts";
import { applyRedir, newRedirState } from "./redir_state.ts";
import { redirLines, redirSummary } from "./text.ts";
import { failedLine } from "../../text/failed_line.ts";

/** Least time between two frames, in milliseconds: at most four frames a second. */
const frameMs = 250;
/** Connections per page key. */
const page = 10;

export interface LiveOptions {
  /** Called when the user presses q, or Ctrl-C if the terminal sends it as a key. */
  onQuit(): void;
}

/** Makes the live table of a redirect. It owns a timer from its creation to `end()`, which prints the summary as text. */
export function redirRenderer(screen: Screen, options: LiveOptions): Renderer {
  return new Live(screen, options);
}

class Live implements Renderer {
  readonly #live: LiveScreen;
  readonly #state = newRedirState();
  readonly #timer = new FrameTimer(frameMs, () => this.#draw());
  #selected: string | undefined;
  #scrolled = 0;
  #busiest = false;

  constructor(private readonly screen: Screen, private readonly options: LiveOptions) {
    this.#live = new LiveScreen(screen);
    this.#timer.changed();
  }

  event(event: Event): void {
    applyRedir(this.#state, event);
    this.#timer.changed();
  }

  resize(): void {
    this.#timer.now();
  }

  key(key: string): void {
    if (key === "q" || key === "Q" || key === "\x03") return this.options.onQuit();
    if (key === "b") this.#busiest = !this.#busiest;
    else if (key === "pagedown" || key === " ") this.#scroll(page);
    else if (key === "pageup") this.#scroll(-page);
    else if (!this.#select(key)) return;
    this.#timer.now();
  }

  end(): void {
    this.#timer.stop();
    this.#live.close();
    const { color } = this.screen;
    const { pods, failed, summaries } = this.#state;
    const time = new Date().toISOString();
    const notes = [
      // A redirected pod needs no line.
      ...[...pods.values()].flatMap((pod) => {
        const { standing, reason = "" } = pod;
        return standing === "redirected" ? [] : redirLines({ ...pod, type: `redir.${standing}`, time, reason }, color);
      }),
      ...failed.map((event) => failedLine(event, color)),
    ];
    const table = redirSummary(summaries, this.screen.size().columns, color);
    const lines = notes.length > 0 && table.length > 0 ? [...notes, "", ...table] : [...notes, ...table];
    if (lines.length > 0) this.screen.write(lines.map((one) => `${one}\n`).join(""));
  }

  /** Selects another port. Above the first port stands the choice of all ports. */
  #select(key: string): boolean {
    const ports = portsInOrder(this.#state);
    const last = ports.length - 1;
    const at = ports.findIndex((port) => port.key === this.#selected);
    const moves: Readonly<Record<string, number>> = {
      ...{ up: at - 1, k: at - 1, down: at + 1, j: at + 1, home: -1, end: last },
    };
    const to = moves[key];
    if (to === undefined || last < 1) return false;
    this.#selected = ports[Math.min(last, to)]?.key;
    this.#scrolled = 0;
    return true;
  }

  #scroll(by: number): void {
    const port = this.#selected;
    const open = [...this.#state.pods.values()].reduce(
      (sum, { ports }) =>
        [...ports.values()].reduce(
          (count, one) => count + (port === undefined || one.key === port ? one.open : 0),
          sum,
        ),
      0,
    );
    this.#scrolled = Math.max(0, Math.min(this.#scrolled + by, Math.max(open, 100)));
  }

  #draw(): void {
    const now = Date.now();
    const { color } = this.screen;
    const view = {
      color,
      now,
      elapsedMs: now - this.#timer.startedAt,
      scrolled: this.#scrolled,
      busiest: this.#busiest,
    };
    const selected = this.#selected === undefined ? {} : { selected: this.#selected };
    this.#live.draw((size) => redirFrame(this.#state, { ...size, ...view, ...selected }));
  }
}
