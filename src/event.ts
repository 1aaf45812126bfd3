/**
 * What was seen. `-o json` prints exactly these objects, one a line, so names and units are part of the interface:
 * times are RFC 3339 in UTC, durations end in `Ms`, sizes in `Bytes`.
 */
export type Event =
  | PingTarget
  | PingSkipped
  | PingReply
  | PingLost
  | PingUnsent
  | PingGone
  | PingSummary
  | ProcessSeen
  | StraceAttached
  | StraceCall
  | StraceSignal
  | StraceExited
  | StraceLine
  | StraceSummary
  | HpingReply
  | HpingLine
  | HpingSummary
  | DebugPodReady
  | DebugPodSeen
  | DebugPodRemoved
  | CopyReady
  | CopySeen
  | EphemeralContainerSeen
  | EphemeralContainerEnded
  | DoctorTarget
  | DoctorRight
  | DoctorWay
  | GdbThread
  | GdbSummary
  | FileCopied
  | CopySummary
  | FileListed
  | InodeFound
  | RedirStarted
  | RedirOpened
  | RedirConnection
  | RedirTraffic
  | RedirLost
  | RedirResumed
  | RedirCycle
  | RedirLeft
  | RedirSummary
  | BypassStarted
  | BypassTraffic
  | BypassLost
  | BypassResumed
  | BypassSummary
  | ManageReady
  | RbacRole
  | RbacBinding
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
  | CommandEnded
  | Failed;

interface Timed {
  /**
   * When it was seen.
   *
   * @format date-time
   */
  time: string;
}

/** Something that is pinged. `pod`, `namespace` and `node` are missing for a plain host. */
export interface Destination {
  /** An IPv4 or IPv6 address; for a host given by name, that name. */
  address: string;
  pod?: string;
  namespace?: string;
  node?: string;
  /** The pod uses its node's network, so its address is the node's. */
  hostNetwork?: boolean;
  /** Set when it is pinged by TCP connections rather than by ICMP. */
  protocol?: "tcp";
  /** The TCP port to connect to; in events only together with `protocol`. */
  port?: number;
}

/** One destination of a ping that is about to start; all of these come before the first reply. */
export interface PingTarget extends Timed, Destination {
  type: "ping.target";
}

/** A pod that cannot be pinged, and why: it is Pending, has finished, or has no address yet. */
export interface PingSkipped extends Timed {
  type: "ping.skipped";
  pod: string;
  namespace: string;
  node?: string;
  reason: string;
}

export interface PingReply extends Timed, Destination {
  type: "ping.reply";
  /** Counts from 0, for each destination. */
  seq: number;
  /** As the tool printed it. */
  rttMs: number;
}

/** Sent, and no reply in time. */
export interface PingLost extends Timed, Destination {
  type: "ping.lost";
  seq: number;
  /** What a router or the network said about it, for example `ICMP Host Unreachable from 10.0.0.1`. */
  reason?: string;
}

/** Could not be sent at all, for example for want of a route: not a loss of the network between. */
export interface PingUnsent extends Timed, Destination {
  type: "ping.unsent";
  seq?: number;
  reason: string;
}

/** The destination was deleted or finished meanwhile. What is lost from now on is no news. */
export interface PingGone extends Timed, Destination {
  type: "ping.gone";
  reason: string;
}

/** One for each destination, at the end. Round-trip times are missing when nothing was received. */
export interface PingSummary extends Timed, Destination {
  type: "ping.summary";
  sent: number;
  received: number;
  lost: number;
  unsent: number;
  /** lost ÷ sent, from 0 to 100, two decimals. */
  lossPercent: number;
  minMs?: number;
  avgMs?: number;
  p95Ms?: number;
  maxMs?: number;
  /** Set when the destination was deleted or finished before the end. */
  gone?: string;
  /** Set when it was not pinged to the end: its name has no address, or what pings it failed. */
  failed?: "unresolved" | "program";
}

/** A process of the target, as its node sees it. */
export interface ProcessSeen extends Timed {
  type: "process";
  pod?: string;
  namespace?: string;
  container: string;
  /** In the node's pid namespace: what `strace -p` and `gdb -p` take. */
  pid: number;
  /** In the container's own pid namespace. */
  containerPid: number;
  /** Parent, in the node's pid namespace. */
  parentPid: number;
  threads: number;
  uid: number;
  /** From the target's own /etc/passwd; the uid in decimal where that has no name for it. */
  user: string;
  /** One letter, as in ps(1): R, S, D, Z, T, … */
  state: string;
  /** CPU time used, user and system. */
  cpuMs: number;
  /** cpuMs ÷ time since the process started, in percent of one core, as ps(1) reports it. */
  cpuPercent: number;
  residentBytes: number;
  /** The whole command line; the name in brackets when there is none (zombies, kernel threads). */
  command: string;
  /** TCP ports that this process listens on, ascending. */
  listening: number[];
  /** When it was started. */
  started: string;
  /** Who traces it, as a debugger does, in the node's pid namespace. */
  tracerPid?: number;
  /** Where its main thread has left and others go on: the first of these, by which it can be traced. */
  thread?: number;
  /** One of its threads that no signal and no tracer reaches. */
  blocked?: BlockedSeen;
}

/** A thread that waits in the kernel where nothing interrupts it (state D), or that is frozen. */
export interface BlockedSeen {
  thread: number;
  /** The kernel functions that it waits in, the innermost first; none where they may not be read. */
  functions: string[];
  /** Its control group is frozen, as that of a paused container is. */
  frozen: boolean;
  /** Number of times that it has gone to sleep: the same number later means the same wait. */
  switches: number;
}

/** strace has attached to the process it was asked for; calls follow. */
export interface StraceAttached extends Timed {
  type: "strace.attached";
  pid: number;
  threads: number;
}

/** Times of strace events are RFC 3339 to the microsecond, and pids those of threads in the node's pid namespace. */
export interface StraceCall extends Timed {
  type: "strace.call";
  pid: number;
  syscall: string;
  /** As strace prints them, without the parentheses around them. */
  arguments: string;
  /** As strace prints it, for example `-1 ENOENT (No such file or directory)`; `?` for a call that does not return. */
  result: string;
  /** Name of the error, for example `ENOENT`. */
  error?: string;
  /** From its entry to its return; missing for a call that does not return. */
  durationMs?: number;
  /** It went on when strace let go of the process. */
  unfinished?: boolean;
}

/** A signal was delivered, or has stopped the process. */
export interface StraceSignal extends Timed {
  type: "strace.signal";
  pid: number;
  signal: string;
  /** As strace prints them, for example `{si_signo=SIGCHLD, …}`. */
  details: string;
  stopped: boolean;
}

/** A thread ended by itself, or by a signal. */
export interface StraceExited extends Timed {
  type: "strace.exited";
  pid: number;
  code?: number;
  signal?: string;
  coreDumped?: boolean;
}

/** What strace printed beside calls, signals and ends, such as the bytes of `-e read=3`. */
export interface StraceLine extends Timed {
  type: "strace.line";
  text: string;
}

/** What was seen of one system call, at the end. */
export interface StraceSummary extends Timed {
  type: "strace.summary";
  syscall: string;
  /** Those that have returned. */
  calls: number;
  errors: number;
  totalMs: number;
  maxMs: number;
  /** The call that took longest. */
  slowest?: Pick<StraceCall, "time" | "pid" | "arguments" | "result"> & { durationMs: number };
}

/** Something came back to hping3. */
export interface HpingReply extends Timed, Destination {
  type: "hping.reply";
  /** Who sent it: the destination, or a router. */
  from: string;
  /** The line as hping3 printed it. */
  text: string;
  seq?: number;
  rttMs?: number;
  lengthBytes?: number;
  ttl?: number;
  sourcePort?: number;
  /** TCP flags by hping3's letters, for example `SA`. */
  flags?: string;
  window?: number;
  /** An ICMP error, for example `Port Unreachable`. */
  icmp?: string;
}

/** What hping3 printed beside replies and statistics. */
export interface HpingLine extends Timed, Destination {
  type: "hping.line";
  text: string;
}

/** hping3's own statistics for one destination, at the end. Times are missing when nothing was received. */
export interface HpingSummary extends Timed, Destination {
  type: "hping.summary";
  sent: number;
  received: number;
  minMs?: number;
  avgMs?: number;
  maxMs?: number;
}

interface DebugPod {
  name: string;
  namespace: string;
  node: string;
  image: string;
}

/** The debug pod runs and answers. */
export interface DebugPodReady extends Timed, DebugPod {
  type: "launch.ready";
  /** False when a running one was found and used. */
  created: boolean;
  /** From the call to the manager's first answer. */
  tookMs: number;
}

/** One debug pod that exists, for `list`. */
export interface DebugPodSeen extends Timed, DebugPod {
  type: "list.debug-pod";
  /** As in `kubectl get pods`: Running, Pending, Succeeded, or the reason why it waits. */
  status: string;
  /** Version of the manager in it. */
  version: string;
  created: string;
  /** When the cluster ends it in any case; sooner when it is idle. */
  endsBy?: string;
}

/** A debug pod or a copy is gone. */
export interface DebugPodRemoved extends Timed, DebugPod {
  type: "cleanup.removed";
  /** The pod that it was a copy of. */
  copyOf?: string;
}

interface Copy {
  name: string;
  namespace: string;
  /** Empty while it waits for one. */
  node: string;
  /** The pod that was copied. */
  of: string;
  /** The container that was meant, and its image. */
  container: string;
  image: string;
  /** Running, the reason why it waits, or how it ended: Completed, Error, OOMKilled, … */
  status: string;
}

/** The copy is there: its container runs, or has run and ended. */
export interface CopyReady extends Timed, Copy {
  type: "copy.ready";
  /** What was given instead of the container's own command. */
  command?: string[];
  /** Of a container that has ended. */
  exitCode?: number;
  /** The init container that failed, so that `container` never ran. */
  failed?: string;
  /** From the call until the container ran. */
  tookMs: number;
}

/** One copy that exists, for `list`. */
export interface CopySeen extends Timed, Copy {
  type: "list.copy";
  /** Who made it, as the API server knows them. */
  by?: string;
  created: string;
  /** When the cluster ends it; missing when it has ended. */
  endsBy?: string;
}

interface EphemeralContainer {
  /** Of the container. */
  name: string;
  pod: string;
  namespace: string;
  node: string;
  image: string;
  /** For example `user 65532 without capabilities`. */
  rights: string;
}

/** One of scope's ephemeral containers that runs, for `list`. */
export interface EphemeralContainerSeen extends Timed, EphemeralContainer {
  type: "list.ephemeral-container";
  /** Running, or the reason why it waits. */
  status: string;
  /** Version of the manager in it. */
  version: string;
  /** When it started; missing while it waits. */
  started?: string;
}

/** The manager of an ephemeral container has ended, and all that it ran. The cluster keeps its name in the pod's spec. */
export interface EphemeralContainerEnded extends Timed, EphemeralContainer {
  type: "cleanup.ended";
}

/** Whom the doctor looks at. */
export interface DoctorTarget extends Timed {
  type: "doctor.target";
  pod: string;
  namespace: string;
  node: string;
  container: string;
  /** Missing: the cluster does not tell. */
  uid?: number;
  /** Missing: there is no limit. */
  memoryLimitBytes?: number;
  /** Missing: there is no limit, or nobody tells. */
  memoryUsedBytes?: number;
}

/** Whether this user may do something in the cluster. */
export interface DoctorRight extends Timed {
  type: "doctor.right";
  /** For example `create pods/exec in namespace "shop"`. */
  right: string;
  allowed: boolean;
  /** What scope needs it for. */
  for: string;
}

/** Whether a command can go one Way. */
export interface DoctorWay extends Timed {
  type: "doctor.way";
  way: string;
  command: string;
  possible: boolean;
  /** It is what `--via auto` would take. */
  chosen: boolean;
  /** For example `user 65532 without capabilities`. */
  rights?: string;
  /** Why it is not possible: the first thing that is missing. */
  missing?: string;
  /** What helps, and who can do it. */
  remedy?: string;
}

/** One call on a thread's stack; level 0 is where it stands. What gdb does not know is missing. */
export interface GdbFrame {
  level: number;
  /** Hexadecimal; missing for a function that was compiled into its caller. */
  address?: string;
  function?: string;
  arguments?: { name: string; value: string }[];
  /** Source. */
  file?: string;
  line?: number;
  /** Shared library, by its path in the target; missing for the program itself. */
  library?: string;
}

/** The stack of one thread of a process. */
export interface GdbThread extends Timed {
  type: "gdb.thread";
  pid: number;
  /** Its id, in the same pid namespace as `pid`. */
  thread: number;
  name?: string;
  frames: GdbFrame[];
  /** Why there are no more frames, where that is not the end of the stack. */
  problem?: string;
}

/** After all threads. */
export interface GdbSummary extends Timed {
  type: "gdb.summary";
  pid: number;
  threads: number;
  /** For how long the process stood still. */
  stoppedMs: number;
  warnings?: string[];
}

/** A file was copied, and its hash is the same on both sides. */
export interface FileCopied extends Timed {
  type: "cp.file";
  /** Below what was copied; its own name where that is a file. */
  path: string;
  /** Of the whole file. */
  bytes: number;
  sha256: string;
  durationMs: number;
  /** What was there already from a copy that was broken off, or because the file is the same. */
  resumedBytes?: number;
}

/** The last event of a copy. */
export interface CopySummary extends Timed {
  type: "cp.summary";
  /** `namespace/pod:container:path`, or a path on this machine. */
  source: string;
  destination: string;
  files: number;
  /** What went over the network, before it was compressed. */
  bytes: number;
  durationMs: number;
  bytesPerSecond: number;
  /** What did not have to. */
  resumedBytes?: number;
}

export type FileKind = "file" | "folder" | "link" | "device" | "socket" | "fifo" | "unknown";

/** A file or folder of the target. */
export interface FileListed extends Timed {
  type: "fs.entry";
  path: string;
  kind: FileKind;
  bytes: number;
  /** On disk; less than `bytes` where the file has holes. */
  allocatedBytes: number;
  /** As chmod(1) takes it, for example `0644`. */
  mode: string;
  modified: string;
  uid: number;
  gid: number;
  /** By the target's own passwd and group; missing where they have no name. */
  owner?: string;
  group?: string;
  /** In decimal digits: it may be larger than a number of JSON can be. */
  inode: string;
  /** Where a link points to. */
  link?: string;
}

/** A path of the target that has the inode number. */
export interface InodeFound extends Timed {
  type: "fs.inode";
  /** In decimal digits: it may be larger than a number of JSON can be. */
  inode: string;
  path: string;
  kind: FileKind;
  /** The layers of the container's file system that have this path; the first is what the container sees. */
  layers: {
    /** The layer's folder on the node. */
    folder: string;
    /** The container's own layer, into which it writes. */
    upper: boolean;
    /** The file as the node sees it. */
    nodePath: string;
    /** It is this very inode; false for the original of a file that was copied up, or that another one hides. */
    sameInode: boolean;
  }[];
  /** Why there are none. */
  noLayers?: string;
}

/** Which connections are redirected: those that come to the pod, or those that its processes make. */
export type Direction = "incoming" | "outgoing";

/** A redirected port. */
export interface RedirPort {
  direction: Direction;
  /** Of the pod, or, for outgoing connections, of whom they go to. */
  port: number;
  /** Where they go instead, as `localhost:8089`. */
  local: string;
  /** Somebody in the pod listens on it; missing for outgoing connections. */
  listening?: boolean;
}

/** From now on connections to these ports come to this machine; again after `redir.lost`. */
export interface RedirStarted extends Timed {
  type: "redir.started";
  namespace: string;
  pod: string;
  ports: RedirPort[];
  /** Connections to these ports that were open before, and stay with the pod. */
  kept: number;
  /** The same that were ended, with `--cut`. */
  cut?: number;
  /** A service mesh's sidecar takes what comes from outside; its connection to the application is what is redirected. */
  mesh?: boolean;
  /** The pod answers, and this machine gets a copy. */
  mirror?: boolean;
}

/** A redirected connection: `from` and `to` are ADDRESS:PORT, an IPv6 address in brackets. */
export interface RedirectedConnection {
  namespace: string;
  pod: string;
  /** Counts from 1, for each pod. */
  connection: number;
  direction: Direction;
  /** Who made it. */
  from: string;
  /** Where it was meant to go. */
  to: string;
  /** Where it goes on this machine. */
  local: string;
}

export interface RedirOpened extends Timed, RedirectedConnection {
  type: "redir.opened";
}

/** How a redirected connection ended. */
export interface RedirConnection extends Timed, RedirectedConnection {
  type: "redir.connection";
  /** Who answered it: `pod` where this machine did not take it, where it was a probe, and with `--mirror`. */
  servedBy: "laptop" | "pod";
  /** Why the pod answered it, or why it did not end in the ordinary way. */
  reason?: string;
  /** `closed` by both sides, `reset` by one of them, `lost` with the connection to the manager, `failed`: nobody took it. */
  ended: "closed" | "reset" | "lost" | "failed";
  /** It was a probe of the kubelet. */
  probe?: boolean;
  /** From who made it. */
  sentBytes: number;
  /** To who made it. */
  receivedBytes: number;
  durationMs: number;
  /** How long the local application took to accept it. */
  connectMs?: number;
}

/** What open connections have carried so far, once a second where something changed. */
export interface RedirTraffic extends Timed {
  type: "redir.traffic";
  namespace: string;
  pod: string;
  /** Those that carried something since the last time. */
  connections: { connection: number; sentBytes: number; receivedBytes: number }[];
}

/** The connection to the manager was lost: new connections go to the pod, and scope tries to come back. */
export interface RedirLost extends Timed {
  type: "redir.lost";
  namespace: string;
  pod: string;
  reason: string;
}

/** It is back, and `redir.started` follows. */
export interface RedirResumed extends Timed {
  type: "redir.resumed";
  namespace: string;
  pod: string;
  afterMs: number;
}

/** Connections that go to a local address come back to the pod: for some seconds the pod answers them, then it is tried again. */
export interface RedirCycle extends Timed {
  type: "redir.cycle";
  namespace: string;
  pod: string;
  direction: Direction;
  port: number;
  local: string;
  /** The program that listens there, and its pid; missing where this machine does not tell. */
  program?: string;
  pid?: number;
}

/** A pod is redirected no more: it has gone, or somebody else took over. */
export interface RedirLeft extends Timed {
  type: "redir.left";
  namespace: string;
  pod: string;
  reason: string;
}

/** What went over one port, at the end. */
export interface RedirSummary extends Timed {
  type: "redir.summary";
  namespace: string;
  pod: string;
  direction: Direction;
  port: number;
  connections: number;
  /** Of these, answered by the pod. */
  toPod: number;
  /** Of these, neither closed in the ordinary way nor a probe. */
  broken: number;
  sentBytes: number;
  receivedBytes: number;
  /** How long the local application took to accept, over those that it did. */
  connectP50Ms?: number;
  connectMaxMs?: number;
}

/** From now on new connections that the pod makes go around its sidecar; again after `bypass.lost`. */
export interface BypassStarted extends Timed {
  type: "bypass.started";
  namespace: string;
  pod: string;
  mesh: "istio";
  /** Ports that they go to; none: all. */
  ports: number[];
  /** Where the mesh's rules lead connections of the pod. */
  sidecarPort: number;
  /** The sidecar takes DNS queries, too, and they go around it as well. */
  dns: boolean;
  /** Connections through the sidecar that were open before, and stay as they are. */
  kept: number;
}

/** How many connections went around the sidecar since `bypass.started`; at most once a second, where that has changed. */
export interface BypassTraffic extends Timed {
  type: "bypass.traffic";
  namespace: string;
  pod: string;
  connections: number;
}

/** The connection to the manager was lost: new connections go through the sidecar, and scope tries to come back. */
export interface BypassLost extends Timed {
  type: "bypass.lost";
  namespace: string;
  pod: string;
  reason: string;
}

/** It is back, and `bypass.started` follows. */
export interface BypassResumed extends Timed {
  type: "bypass.resumed";
  namespace: string;
  pod: string;
  afterMs: number;
}

/** The end of a bypass: new connections go through the sidecar again. */
export interface BypassSummary extends Timed {
  type: "bypass.summary";
  namespace: string;
  pod: string;
  /** How many went around it in all; of the last second before a lost connection, some may be missing. */
  connections: number;
  /** From the first `bypass.started`. */
  durationMs: number;
}

/** Others on this machine may use the manager from now on, until the command ends. */
export interface ManageReady extends Timed {
  type: "manage.ready";
  /** The ephemeral container or the debug pod that the manager runs in. */
  name: string;
  /** As gRPC names addresses: `unix:/run/…` or `127.0.0.1:8087`. */
  address: string;
  namespace: string;
  pod: string;
  way: "node" | "ephemeral" | "local";
}

/** The least rights that commands need in one namespace, or for a ClusterRole in all of them and of the cluster itself. */
export interface RbacRole extends Timed {
  type: "rbac.role";
  kind: "Role" | "ClusterRole";
  name: string;
  /** Missing: it belongs where it is applied; a ClusterRole has none. */
  namespace?: string;
  /** Whose rights they are. */
  commands: string[];
  rules: RbacRule[];
  /** What to know before it is applied. */
  notes: string[];
}

/** A rule as RBAC has it, but for its reasons. */
export interface RbacRule {
  /** Empty text: the core group. */
  apiGroups: string[];
  resources: string[];
  /** Missing: whatever the name. */
  resourceNames?: string[];
  verbs: string[];
  /** What the commands do with it; each completes "to …". */
  for: string[];
}

/** Gives a Role to somebody. */
export interface RbacBinding extends Timed {
  type: "rbac.binding";
  kind: "RoleBinding" | "ClusterRoleBinding";
  name: string;
  /** As that of the Role. */
  namespace?: string;
  /** Name of the Role, or of the ClusterRole. */
  role: string;
  subject: RbacSubject;
}

/** Who gets a Role. */
export interface RbacSubject {
  kind: "User" | "Group" | "ServiceAccount";
  name: string;
  /** Of a service account. */
  namespace?: string;
}

/** Whose logs are read; comes first, once. */
export interface LogSelected extends Timed {
  type: "log.selected";
  namespace: string;
  /** What the pods were found by, for example `deployment "web"`; missing for a pod that was named. */
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
  /** How much of a line that is too long was cut off. */
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
  /** How often so far. */
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

/** What the command has printed on stdout: whole lines, with their ends, but for the last one. */
export interface CommandOutput extends Timed {
  type: "command.output";
  /** What is not UTF-8 stands there as U+FFFD. */
  text: string;
  /** The text's bytes in base64, where they are not UTF-8. */
  base64?: string;
}

export interface CommandEnded extends Timed {
  type: "command.ended";
  /** 128 + n when signal n ended it. */
  exitCode: number;
}

/** One thing of several failed; the others go on, and the exit code is not 0. */
export interface Failed extends Timed {
  type: "failed";
  /** What it was about, for example `shop/web`. */
  subject: string;
  reason: string;
  hint?: string;
}

/** Types of the events that make an otherwise good run fail. */
export function isFailure(event: Event): boolean {
  return event.type === "failed";
}

/** `namespace/pod` where there is one, else the address. */
export function destinationName(of: Destination): string {
  return of.pod === undefined ? of.address : `${of.namespace}/${of.pod}`;
}

/** The failure of one thing of several, which happens now. */
export function failed(subject: string, { message, hint }: { message: string; hint?: string | undefined }): Failed {
  return { type: "failed", time: now(), subject, reason: message, ...(hint === undefined ? {} : { hint }) };
}

/** The time stamp of an event that happens now. */
export function now(): string {
  return new Date().toISOString();
}
