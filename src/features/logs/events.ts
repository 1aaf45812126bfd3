import type { Timed } from "../../lib/timed.ts";

export type LogsEvent =
  | LogSelected
  | LogLine
  | LogStarted
  | LogRestarted
  | LogWaiting
  | LogEnded
  | LogGone
  | LogLost
  | LogBack
  | LogGap
  | CommandStarted
  | CommandOutput
  | CommandEnded;

/** Whose logs are read; comes first, once. */
export interface LogSelected extends Timed {
  type: "log.selected";
  namespace: string;
  /** The query that found the pods, for example `deployment "web"`; missing for a pod that was named. */
  of?: string;
  pods: { pod: string; containers: string[] }[];
  /** Goes on with what comes. */
  follow: boolean;
  /** Pods that come later are followed, too. */
  more: boolean;
}

/** A container of a pod. */
export interface ContainerName {
  namespace: string;
  pod: string;
  container: string;
}

/** One line of a log. `time` is when the node got it, with the nanoseconds that it gave. */
export interface LogLine extends Timed, ContainerName {
  type: "log.line";
  /** Without its end. What is not UTF-8 stands there as U+FFFD. */
  text: string;
  /** The text's bytes in base64, where they are not UTF-8. */
  base64?: string;
  /** Length of the part that was cut off a line that is too long. */
  cutBytes?: number;
  /** It is the last one, and the container has not ended it. */
  unended?: true;
}

/** A container's log is followed from now on. */
export interface LogStarted extends Timed, ContainerName {
  type: "log.started";
  kind: "container" | "init" | "sidecar" | "ephemeral";
  /** It was there when the command began; else it came later. */
  initial: boolean;
}

/** The container was started anew; its log is followed from its start. */
export interface LogRestarted extends Timed, ContainerName {
  type: "log.restarted";
  /** Number of restarts so far. */
  restarts: number;
}

/** There is no log yet, as the container does not run yet. Told once for a reason. */
export interface LogWaiting extends Timed, ContainerName {
  type: "log.waiting";
  /** For example `ContainerCreating` or `ImagePullBackOff`. */
  reason: string;
}

/** A container has ended, and its log was read to its end. It may be started anew. */
export interface LogEnded extends Timed, ContainerName {
  type: "log.ended";
  exitCode?: number;
  /** For example `Completed`, `Error` or `OOMKilled`. */
  reason?: string;
}

/** A pod is followed no more. */
export interface LogGone extends Timed {
  type: "log.gone";
  namespace: string;
  pod: string;
  reason: string;
}

/** A log cannot be read for the moment; it is tried again. */
export interface LogLost extends Timed, ContainerName {
  type: "log.lost";
  reason: string;
}

/** It can be read again, and goes on where it was lost. */
export interface LogBack extends Timed, ContainerName {
  type: "log.back";
  afterMs: number;
}

/** Lines before the next one are missing: the kubelet has put their file aside while the log could not be read. */
export interface LogGap extends Timed, ContainerName {
  type: "log.gap";
}

/** The command of this machine runs, and all logs are open. */
export interface CommandStarted extends Timed {
  type: "command.started";
  pid: number;
  /** It writes to the terminal by itself: what it prints is not among the events. */
  onTerminal: boolean;
}

/** Output of the command on stdout: whole lines, with their ends, but for the last one. */
export interface CommandOutput extends Timed {
  type: "command.output";
  /** Bytes that are not UTF-8 are U+FFFD here. */
  text: string;
  /** The text's bytes in base64, where they are not UTF-8. */
  base64?: string;
}

export interface CommandEnded extends Timed {
  type: "command.ended";
  /** 128 + n when signal n ended it. */
  exitCode: number;
}
