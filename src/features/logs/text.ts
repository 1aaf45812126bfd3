import type { EventText, TextLook } from "../../renderer.ts";
import type { LogsEvent } from "./events.ts";
import type {
  CommandEnded,
  CommandOutput,
  CommandStarted,
  ContainerName,
  LogBack,
  LogEnded,
  LogGap,
  LogGone,
  LogLine,
  LogLost,
  LogRestarted,
  LogSelected,
  LogStarted,
  LogWaiting,
} from "../../event.ts";
import type { Screen } from "../../renderer.ts";
import { safe, safePrinted } from "../../text/safe.ts";
import { pad, shortenMiddle, width } from "../../text/fit_text.ts";
import { paintDistinct } from "../../text/style.ts";

export type LogOutput = LogSelected | LogLine | CommandStarted | CommandOutput | CommandEnded;
export type LogNotice = LogStarted | LogRestarted | LogWaiting | LogEnded | LogGone | LogLost | LogBack | LogGap;

/** Formats an event about a log as a notice. */
export function noticeText(event: LogNotice): string {
  if (event.type === "log.gone") return safe(`${event.pod}: followed no more: ${event.reason}`);
  const name = `${event.pod} ${event.container}`;
  switch (event.type) {
    case "log.started":
      return safe(`${name}: started`);
    case "log.restarted":
      return safe(`${name}: started again (restart ${event.restarts})`);
    case "log.waiting":
      return safe(`${name}: has no logs yet (${event.reason})`);
    case "log.ended":
      return safe(`${name}: ended${exitText(event)}`);
    case "log.lost":
      return safe(`${name}: lost its logs, trying again (${event.reason})`);
    case "log.back":
      return safe(`${name}: its logs are back after ${(event.afterMs / 1000).toFixed(1)} s`);
    case "log.gap":
      return safe(`${name}: lines are missing here: the kubelet has rotated the log while it could not be read`);
  }
}

function exitText({ exitCode, reason }: LogEnded): string {
  const parts = [
    ...(reason === undefined ? [] : [reason]),
    ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]),
  ];
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** Formats the followed selection as a notice; undefined if no notice is needed. */
export function selectedText({ pods, of, follow, more }: LogSelected): string | undefined {
  if (!follow || !more) return undefined;
  if (pods.length === 0) {
    return `there are no pods${of === undefined ? "" : ` of ${of}`} now: waiting for those that come`;
  }
  return `following ${pods.length === 1 ? "1 pod" : `${pods.length} pods`}${of === undefined ? "" : ` of ${of}`}, ` +
    "and those that come";
}

/** Moves to the start of a line without visible output: the spaces wrap to a new line, unless the cursor is in column 1. */
function toLineStart(columns: number): string {
  return `${" ".repeat(columns - 1)}\r\x1b[K`;
}

/** Writes log lines, prefixed with the names of pod and container, and between them the output of a command. */
export class LogText {
  readonly #prefixes = new Map<string, string>();
  readonly #colors = new Map<string, number>();
  /** True if only one container writes: lines need no prefix. */
  #alone = false;
  /** Names that the prefix needs to identify a container. */
  #names: readonly ("pod" | "container")[] = ["pod", "container"];
  #nameWidth = 0;
  #columns = 0;
  #onTerminal = false;
  #midLine = false;

  constructor(private readonly screen: Screen, private readonly times: boolean) {}

  event(event: LogOutput): void {
    switch (event.type) {
      case "log.selected":
        return this.#select(event);
      case "log.line":
        return this.#line(event);
      case "command.started":
        this.#onTerminal = event.onTerminal && this.screen.size().columns < Infinity;
        return;
      case "command.output":
        return this.#output(event);
      case "command.ended":
        return;
    }
  }

  #select({ pods, more }: LogSelected): void {
    const containers = pods.flatMap(({ pod, containers }) => containers.map((container) => ({ pod, container })));
    this.#alone = !more && containers.length === 1;
    const several = pods.some(({ containers }) => containers.length > 1);
    this.#names = !several ? ["pod"] : !more && pods.length === 1 ? ["container"] : ["pod", "container"];
    // Prefixes are aligned on a terminal only.
    if (this.screen.size().columns < Infinity) {
      this.#nameWidth = Math.max(0, ...containers.map((one) => width(this.#name(one))));
    }
  }

  #line(event: LogLine): void {
    const cut = event.cutBytes === undefined ? "" : ` … (${event.cutBytes} more bytes)`;
    const time = this.times ? `${event.time} ` : "";
    let start = "";
    if (this.#onTerminal) start = toLineStart(this.screen.size().columns);
    else if (this.#midLine) start = "\n";
    // Output for a program gets no line end that the log does not have; the next output starts on a new line.
    this.#midLine = this.screen.forProgram === true && event.unended === true;
    this.screen.write(`${start}${this.#prefix(event)}${time}`);
    if (this.screen.forProgram === true) this.#bytes(event);
    else this.#data(this.#text(event));
    this.screen.write(`${cut}${this.#midLine ? "" : "\n"}`);
  }

  #data(text: string): void {
    if (this.screen.writeData === undefined) this.screen.write(text);
    else this.screen.writeData(text);
  }

  /** Writes the original bytes, even if they are not UTF-8. */
  #bytes({ text, base64 }: Pick<LogLine, "text" | "base64">): void {
    const { screen } = this;
    if (base64 !== undefined && screen.writeBytes !== undefined) screen.writeBytes(bytesOf(base64));
    else this.#data(text);
  }

  #text({ text, base64 }: LogLine): string {
    const plain = base64 === undefined ? text : withBytes(base64), { color } = this.screen;
    const shown = safePrinted(plain.endsWith("\r") ? plain.slice(0, -1) : plain, color);
    return color && shown.includes("\x1b") ? `${shown}\x1b[0m` : shown;
  }

  #prefix(name: ContainerName): string {
    if (this.#alone) return "";
    const { columns } = this.screen.size();
    if (columns !== this.#columns) this.#prefixes.clear();
    this.#columns = columns;
    const key = `${name.pod}/${name.container}`, known = this.#prefixes.get(key);
    if (known !== undefined) return known;
    const colored = name[this.#names[0]!], color = this.#colors.get(colored) ?? this.#colors.size;
    this.#colors.set(colored, color);
    // The prefix takes at most a third of a narrow terminal.
    const most = columns === Infinity ? Infinity : Math.max(8, Math.floor(columns / 3)), text = this.#name(name);
    this.#nameWidth = columns === Infinity ? 0 : Math.max(this.#nameWidth, width(text));
    const fitting = shortenMiddle(text, most);
    const padded = columns === Infinity ? fitting : pad(fitting, Math.min(most, this.#nameWidth));
    const prefix = `${paintDistinct(`${padded} |`, color, this.screen.color)} `;
    this.#prefixes.set(key, prefix);
    return prefix;
  }

  #name(of: Pick<ContainerName, "pod" | "container">): string {
    return safe(this.#names.map((part) => of[part]).join(" "));
  }

  #output(event: CommandOutput): void {
    this.#bytes(event);
    this.#midLine = !event.text.endsWith("\n");
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Decodes UTF-8; bytes that are not UTF-8 become \xNN. */
function withBytes(base64: string): string {
  const bytes = bytesOf(base64);
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    if (length > 0) text += new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(at, at + length));
    else text += `\\x${bytes[at]!.toString(16).padStart(2, "0")}`;
    at += Math.max(1, length);
  }
  return text;
}

/** Returns the length of the UTF-8 character at an offset, in bytes; 0 if there is no valid one. */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!, length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length < 2) return length;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

export function logsText({ screen, times }: TextLook): EventText<LogsEvent> {
  const text = new LogText(screen, times);
  return {
    data: true,
    lines(event) {
      switch (event.type) {
        case "log.selected":
        case "log.line":
        case "command.started":
        case "command.output":
        case "command.ended":
          text.event(event);
          return [];
        default:
          return [noticeText(event)];
      }
    },
  };
}
