import type { Event, Failed } from "../event.ts";
import { filesText } from "../features/files/text.ts";
import { gdbText } from "../features/gdb/text.ts";
import { hpingText } from "../features/hping/text.ts";
import { logsText } from "../features/logs/text.ts";
import { manageText } from "../features/manage/text.ts";
import { workerText } from "../features/worker/text.ts";
import { pidsText } from "../features/pids/text.ts";
import { pingText } from "../features/ping/text.ts";
import { podsText } from "../features/pods/text.ts";
import { rbacText } from "../features/rbac/text.ts";
import { redirectText } from "../features/redirect/text.ts";
import { straceText } from "../features/strace/text.ts";
import type { EventText, Renderer, Screen, TextLook } from "../renderer.ts";
import { failedLine } from "../text/failed_line.ts";
import { forPrograms } from "../text/safe.ts";

/** The part of an event's type before the dot. */
type Domain<Type extends string> = Type extends `${infer Name}.${string}` ? Name : Type;
/** Events that a feature owns. */
type OwnEvent = Exclude<Event, Failed>;

/** Text of every event, by the part of its type before the dot; a missing domain does not compile. */
const textOfType: {
  [Name in Domain<OwnEvent["type"]>]: (
    look: TextLook,
  ) => EventText<Extract<OwnEvent, { type: Name | `${Name}.${string}` }>>;
} = {
  ping: pingText,
  hping: hpingText,
  strace: straceText,
  gdb: gdbText,
  pids: pidsText,
  launch: podsText,
  list: podsText,
  cleanup: podsText,
  copy: podsText,
  doctor: podsText,
  cp: filesText,
  fs: filesText,
  redir: redirectText,
  bypass: redirectText,
  manage: manageText,
  rbac: rbacText,
  log: logsText,
  worker: workerText,
  command: logsText,
};

/** Returns true if events of this type have a text. */
export function hasText(type: string): boolean {
  return type.split(".")[0]! in textOfType;
}

/** Options of a text renderer. */
export interface TextOptions extends Partial<Pick<TextLook, "times">> {
  /** Prints messages when the output is data from outside scope. */
  notice?: (text: string) => void;
}

/** Prints lines as events arrive, and tables at the end, when their column widths are known. */
export function textRenderer(screen: Screen, options: TextOptions = {}): Renderer {
  return new Text(screen, options);
}

class Text implements Renderer {
  /** Text of each feature with events so far, by its factory. */
  readonly #made = new Map<unknown, EventText<never>>();
  readonly #look: TextLook;
  readonly #notice: TextOptions["notice"];
  #wrote = false;
  /** True if the output is data that another program may read. */
  #data = false;

  constructor(private readonly screen: Screen, { times = false, notice }: TextOptions) {
    this.#look = { screen, color: screen.color, columns: () => screen.size().columns, times };
    this.#notice = notice;
  }

  event(event: Event): void {
    this.#forReader(() => event.type === "failed" ? this.#failed(event) : this.#event(event));
  }

  end(): void {
    this.#forReader(() => {
      for (const text of this.#made.values()) {
        for (const lines of text.tables?.() ?? []) {
          if (lines.length > 0) this.#write(this.#wrote ? ["", ...lines] : lines, text.drawn);
        }
      }
    });
  }

  #forReader(body: () => void): void {
    if (this.screen.forProgram === true) forPrograms(body);
    else body();
  }

  #event(event: OwnEvent): void {
    const make = textOfType[event.type.split(".")[0] as keyof typeof textOfType];
    const text = this.#made.get(make) ?? make(this.#look) as EventText<never>;
    this.#made.set(make, text);
    this.#data ||= text.data === true;
    this.#write(text.lines(event as never), text.drawn);
  }

  #failed(event: Failed): void {
    if (this.#data && this.#notice !== undefined) return this.#notice(failedLine(event, false));
    this.#write([failedLine(event, this.screen.color)]);
  }

  /** Writes lines. `drawn` lines have scope's own signs; other lines may contain data, which stays unchanged. */
  #write(lines: readonly string[], drawn = false): void {
    if (lines.length === 0) return;
    this.#wrote = true;
    const text = lines.map((one) => `${one}\n`).join("");
    if (!drawn && this.screen.forProgram === true && this.screen.writeData !== undefined) this.screen.writeData(text);
    else this.screen.write(text);
  }
}
