import type { Event } from "../../event.ts";
import type { Renderer, Screen } from "../../renderer.ts";
import { FrameTimer } from "../../text/frame_timer.ts";
import { LiveScreen } from "../../text/live_screen.ts";
import { chartedRow, pingFrame } from "./ping_frame.ts";
import { applyEvent, newPingState, worstFirst } from "./ping_state.ts";
import { pingLine, pingSummary } from "./text.ts";
import { failedLine } from "../../text/failed_line.ts";

/** Shortest time between two frames, in milliseconds. */
const frameMs = 100;
/** Shortest time between two changes of the row order, in milliseconds. */
const orderMs = 3000;

export interface GraphOptions {
  /** Called when the user presses q (or Ctrl-C where the terminal sends it as a key). */
  onQuit(): void;
}

/** Returns the live graph of a ping. It owns a timer until `end()`, which prints skipped pods, failures and the table. */
export function graphRenderer(screen: Screen, options: GraphOptions): Renderer {
  return new Graph(screen, options);
}

class Graph implements Renderer {
  readonly #live: LiveScreen;
  readonly #state = newPingState();
  readonly #timer = new FrameTimer(frameMs, () => this.#draw());
  #order: string[] = [];
  #orderedAt = -Infinity;
  #selected: string | undefined;

  constructor(private readonly screen: Screen, private readonly options: GraphOptions) {
    this.#live = new LiveScreen(screen);
    this.#timer.changed();
  }

  event(event: Event): void {
    applyEvent(this.#state, event);
    this.#timer.changed();
  }

  resize(): void {
    this.#timer.now();
  }

  key(key: string): void {
    if (key === "q" || key === "Q" || key === "\x03") return this.options.onQuit();
    const last = this.#order.length - 1;
    const at = chartedRow(this.#state, this.#order, this.#selected);
    const moves: Readonly<Record<string, number>> = {
      up: at - 1,
      k: at - 1,
      down: at + 1,
      j: at + 1,
      home: 0,
      end: last,
    };
    const to = moves[key];
    if (to === undefined || last < 0) return;
    this.#selected = this.#order[Math.max(0, Math.min(last, to))];
    this.#timer.now();
  }

  end(): void {
    this.#timer.stop();
    this.#live.close();
    const { color } = this.screen;
    const { skipped, failed, summaries } = this.#state;
    const notices = [
      ...skipped.map((event) => pingLine(event, color)),
      ...failed.map((event) => failedLine(event, color)),
    ];
    const table = pingSummary(summaries, this.screen.size().columns, color);
    const lines = notices.length > 0 && table.length > 0 ? [...notices, "", ...table] : [...notices, ...table];
    if (lines.length > 0) this.screen.write(lines.map((one) => `${one}\n`).join(""));
  }

  #draw(): void {
    const now = Date.now();
    if (now - this.#orderedAt >= orderMs || this.#order.length !== this.#state.targets.size) {
      this.#order = worstFirst(this.#state);
      this.#orderedAt = now;
    }
    const { color } = this.screen;
    const elapsedMs = now - this.#timer.startedAt;
    const selected = this.#selected === undefined ? {} : { selected: this.#selected };
    this.#live.draw((size) => pingFrame(this.#state, { ...size, color, order: this.#order, elapsedMs, ...selected }));
  }
}
