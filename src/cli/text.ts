import type {
  CopySeen,
  DebugPodSeen,
  DoctorRight,
  DoctorWay,
  EphemeralContainerSeen,
  Event,
  FileListed,
  HpingSummary,
  PingSummary,
  ProcessSeen,
  RedirSummary,
  StraceSummary,
} from "../event.ts";
import type { Renderer, Screen } from "../renderer.ts";
import { copyLine, copyTable } from "../features/pods/copy_text.ts";
import { debugPodTable, readyLine, removedLine } from "../features/pods/debug_pod_text.ts";
import { doctorTargetLine, rightTable, wayTable } from "../features/pods/doctor_text.ts";
import { endedLine, ephemeralTable } from "../features/pods/ephemeral_text.ts";
import { gdbSummaryLines, threadLines } from "../features/gdb/text.ts";
import { copiedLine, copySummaryLine, fileTable, inodeLines } from "../features/files/text.ts";
import { LogText, newsText } from "../features/logs/text.ts";
import { hpingLine, hpingSummary } from "../features/hping/text.ts";
import { pingLine, pingSummary } from "../features/ping/text.ts";
import { processTable } from "../features/pids/text.ts";
import { bypassLines } from "../features/redirect/bypass_text.ts";
import { bindingLines, roleLines } from "../features/rbac/text.ts";
import { redirLines, redirSummary } from "../features/redirect/text.ts";
import { straceLine, straceSummary } from "../features/strace/text.ts";
import { failedLine } from "../text/failed_line.ts";
import { forPrograms, safe } from "../text/safe.ts";

/** What a renderer of text may be told. */
export interface TextOptions {
  /** The words of command lines that are advised. */
  words?: (text: string) => string;
  /** Lines of logs have their times. */
  times?: boolean;
  /** Words to people, where what is written is somebody's data. */
  say?: (text: string) => void;
}

/** Plain lines as things happen, and tables at the end, when their columns are known. */
export function textRenderer(screen: Screen, options: TextOptions = {}): Renderer {
  return new Text(screen, options);
}

class Text implements Renderer {
  readonly #summaries: PingSummary[] = [];
  readonly #hpings: HpingSummary[] = [];
  readonly #syscalls: StraceSummary[] = [];
  readonly #processes: ProcessSeen[] = [];
  readonly #debugPods: DebugPodSeen[] = [];
  readonly #copies: CopySeen[] = [];
  readonly #ephemerals: EphemeralContainerSeen[] = [];
  readonly #rights: DoctorRight[] = [];
  readonly #ways: DoctorWay[] = [];
  readonly #files: FileListed[] = [];
  readonly #redirs: RedirSummary[] = [];
  #wrote = false;

  readonly #logs: LogText;
  readonly #words: (text: string) => string;
  readonly #say: TextOptions["say"];
  /** Lines of logs, which somebody else may read. */
  #data = false;

  constructor(private readonly screen: Screen, { words = (text) => text, times = false, say }: TextOptions) {
    this.#words = words;
    this.#say = say;
    this.#logs = new LogText(screen, times);
  }

  event(event: Event): void {
    this.#made(() => this.#event(event));
  }

  end(): void {
    this.#made(() => this.#end());
  }

  #made(body: () => void): void {
    if (this.screen.forProgram === true) forPrograms(body);
    else body();
  }

  #event(event: Event): void {
    const { color } = this.screen;
    switch (event.type) {
      case "ping.target":
        return;
      case "ping.reply":
      case "ping.lost":
      case "ping.unsent":
      case "ping.gone":
      case "ping.skipped":
        return this.#write([pingLine(event, color)]);
      case "ping.summary":
        this.#summaries.push(event);
        return;
      case "hping.reply":
      case "hping.line":
        return this.#write([hpingLine(event, color)]);
      case "hping.summary":
        this.#hpings.push(event);
        return;
      case "strace.attached":
        return;
      case "strace.call":
      case "strace.signal":
      case "strace.exited":
      case "strace.line":
        return this.#write([straceLine(event, color)]);
      case "strace.summary":
        this.#syscalls.push(event);
        return;
      case "process":
        this.#processes.push(event);
        return;
      case "list.debug-pod":
        this.#debugPods.push(event);
        return;
      case "list.copy":
        this.#copies.push(event);
        return;
      case "list.ephemeral-container":
        this.#ephemerals.push(event);
        return;
      case "doctor.target":
        return this.#write([doctorTargetLine(event)]);
      case "doctor.right":
        this.#rights.push(event);
        return;
      case "doctor.way":
        this.#ways.push(event);
        return;
      case "cleanup.ended":
        return this.#write([endedLine(event)]);
      case "copy.ready":
        return this.#write([this.#words(copyLine(event))]);
      case "fs.entry":
        this.#files.push(event);
        return;
      case "fs.inode":
        return this.#write(inodeLines(event));
      case "cp.file":
        return this.#write([copiedLine(event)]);
      case "cp.summary":
        return this.#write([copySummaryLine(event)]);
      case "launch.ready":
        return this.#write([readyLine(event)]);
      case "cleanup.removed":
        return this.#write([removedLine(event)]);
      case "gdb.thread":
        return this.#write(threadLines(event, color));
      case "gdb.summary":
        return this.#write(gdbSummaryLines(event, color));
      case "redir.started":
      case "redir.connection":
      case "redir.lost":
      case "redir.resumed":
      case "redir.cycle":
      case "redir.left":
        return this.#draw(redirLines(event, color));
      case "redir.opened":
      case "redir.traffic":
        return;
      case "redir.summary":
        this.#redirs.push(event);
        return;
      case "bypass.started":
      case "bypass.lost":
      case "bypass.resumed":
      case "bypass.summary":
        return this.#write(bypassLines(event, color));
      case "bypass.traffic":
        return;
      case "manage.ready":
        // The name alone is what cut -d' ' -f1 makes of it.
        return this.#write([safe(`${event.name} ${event.address}`)]);
      case "rbac.role":
        return this.#write(roleLines(event));
      case "rbac.binding":
        return this.#write(bindingLines(event));
      case "log.selected":
      case "log.line":
      case "command.started":
      case "command.output":
      case "command.ended":
        this.#wrote = this.#data = true;
        return this.#logs.event(event);
      case "log.started":
      case "log.restarted":
      case "log.waiting":
      case "log.ended":
      case "log.gone":
      case "log.lost":
      case "log.back":
      case "log.gap":
        return this.#write([newsText(event)]);
      case "failed":
        if (this.#data && this.#say !== undefined) return this.#say(failedLine(event, false));
        return this.#write([failedLine(event, color)]);
      default:
        // A new event type that has no text yet does not compile here.
        event satisfies never;
    }
  }

  #end(): void {
    const { color } = this.screen;
    const { columns } = this.screen.size();
    for (
      const lines of [
        pingSummary(this.#summaries, columns, color),
        hpingSummary(this.#hpings, columns, color),
        straceSummary(this.#syscalls, columns, color),
        processTable(this.#processes, columns, color),
        debugPodTable(this.#debugPods, columns, color),
        copyTable(this.#copies, columns, color),
        ephemeralTable(this.#ephemerals, columns, color),
        rightTable(this.#rights, columns, color),
        wayTable(this.#ways, columns, color),
        fileTable(this.#files, columns, color),
      ]
    ) {
      if (lines.length > 0) this.#write(this.#wrote ? ["", ...lines] : lines);
    }
    const redirs = redirSummary(this.#redirs, columns, color);
    if (redirs.length > 0) this.#draw(this.#wrote ? ["", ...redirs] : redirs);
  }

  /** Lines that may have data in them, and no signs of scope's own. */
  #write(lines: readonly string[]): void {
    const { screen } = this;
    if (lines.length === 0) return;
    if (screen.forProgram !== true || screen.writeData === undefined) return this.#draw(lines);
    this.#wrote = true;
    screen.writeData(lines.map((one) => `${one}\n`).join(""));
  }

  /** Lines with signs of scope's own. */
  #draw(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#wrote = true;
    this.screen.write(lines.map((one) => `${one}\n`).join(""));
  }
}
