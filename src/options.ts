import { defined } from "./lib/defined.ts";
import { ScopeError } from "./errors.ts";
import type { TargetQuery } from "./target.ts";
import { wayNames } from "./way.ts";
import type { WayName } from "./way.ts";

/** Global options, merged from flags, environment and files. */
export interface GlobalOptions {
  namespace?: string;
  pod?: string;
  selector?: string;
  /** True if --pod or --selector is on the command line, and the target comes from no variable or file. */
  targetGiven: boolean;
  container?: string;
  image?: string;
  /** Name of the image pull secret; empty for none. */
  regcred: string;
  terminate: boolean;
  via: WayName;
  debugNamespace?: string;
  output: (typeof outputs)[number];
  context?: string;
  kubeconfig?: string;
  pullPolicy: PullPolicy;
  timeoutMs: number;
  verbose: boolean;
  /** Path of the transcript, a new file. */
  record?: string;
}

export const pullPolicies = ["Always", "IfNotPresent", "Never"] as const;
export type PullPolicy = (typeof pullPolicies)[number];

/** Options as written on the command line: a text, a list of texts, or true for a flag without a value. */
export type RawOptions = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** Kind of a value, for shell completion: objects of the cluster, files of this machine, or one of these words. */
export type Values =
  | "namespace"
  | "pod"
  | "running-pod"
  | "container"
  | "context"
  | "node"
  | "port"
  | "file"
  | readonly string[];

export interface OptionSpec {
  /** For example `-c, --count <n>`. */
  flags: string;
  description: string;
  /** Kind of the value, if a shell can complete it. */
  values?: Values;
  hidden?: boolean;
  /** May be repeated; the value is then a list. */
  repeatable?: boolean;
}

export const outputs = ["text", "json"] as const;

/** Global options with their names in RawOptions, and the environment variables for them. */
export const globalOptions: readonly (OptionSpec & { key: string; variable?: string })[] = [
  {
    key: "namespace",
    flags: "-n, --namespace <name>",
    description: "namespace of the target (default: the kubeconfig context's)",
    variable: "SCOPE_NAMESPACE",
    values: "namespace",
  },
  {
    key: "pod",
    flags: "-p, --pod <name>",
    description: "the target: a pod, or TYPE/NAME of a workload",
    variable: "SCOPE_POD",
    values: "running-pod",
  },
  {
    key: "selector",
    flags: "-l, --selector <labels>",
    description: "the target: the first ready pod with these labels",
    variable: "SCOPE_SELECTOR",
  },
  {
    key: "container",
    flags: "--container <name>",
    description:
      "container of the target (default: the pod's kubectl.kubernetes.io/default-container, or else the first)",
    variable: "SCOPE_CONTAINER",
    values: "container",
  },
  { key: "image", flags: "-i, --image <reference>", description: "the endoscope image", variable: "SCOPE_IMAGE" },
  { key: "dbgImage", flags: "--dbg-image <reference>", description: "same as --image", hidden: true },
  {
    key: "regcred",
    flags: "-c, --regcred <secret>",
    description: 'secret for a private registry, "" for none (default: regcred)',
    variable: "SCOPE_REGCRED",
  },
  { key: "terminate", flags: "-t, --terminate", description: "remove at the end what this run created" },
  {
    key: "via",
    flags: "--via <way>",
    description: `how to get beside the target: ${wayNames.join(", ")}`,
    variable: "SCOPE_VIA",
    values: wayNames,
  },
  {
    key: "debugNamespace",
    flags: "--debug-namespace <name>",
    description: "namespace of the debug pod (default: the target's)",
    variable: "SCOPE_DEBUG_NAMESPACE",
    values: "namespace",
  },
  {
    key: "output",
    flags: "-o, --output <format>",
    description: "text or json",
    variable: "SCOPE_OUTPUT",
    values: outputs,
  },
  {
    key: "context",
    flags: "--context <name>",
    description: "context of the kubeconfig",
    variable: "SCOPE_CONTEXT",
    values: "context",
  },
  {
    key: "kubeconfig",
    flags: "--kubeconfig <file>",
    description: "kubeconfig file (default: $KUBECONFIG, ~/.kube/config, in-cluster)",
    values: "file",
  },
  {
    key: "pullPolicy",
    flags: "--pull-policy <policy>",
    description: `${pullPolicies.join(", ")} (default: IfNotPresent)`,
    variable: "SCOPE_PULL_POLICY",
    values: pullPolicies,
  },
  {
    key: "timeout",
    flags: "--timeout <seconds>",
    description: "limit for getting beside the target (default: 60)",
    variable: "SCOPE_TIMEOUT",
  },
  {
    key: "envFile",
    flags: "--env-file <file>",
    description: "file with SCOPE_… variables (default: ~/.config/scope/env)",
    values: "file",
  },
  {
    key: "record",
    flags: "--record <file>",
    description: "write what is printed to a new file, as a transcript to play (asciicast)",
    values: "file",
  },
  { key: "verbose", flags: "-v, --verbose", description: "say what is done, and where errors come from" },
];

/** `--pod` and `--selector` exclude each other: the one from the higher-priority source wins. */
const rivals: Readonly<Record<string, string>> = { pod: "selector", selector: "pod" };

/**
 * Returns the options that a set of variables sets. An empty variable counts as unset, except SCOPE_REGCRED, where it means
 * none.
 */
function variablesOf(source: Readonly<Record<string, string | undefined>>): RawOptions {
  const given = globalOptions.map(({ key, variable }) => [key, variable && source[variable]] as const);
  return Object.fromEntries(given.filter(([key, value]) => value !== undefined && (value !== "" || key === "regcred")));
}

/**
 * Merges the sources by priority: flag, then environment, then file. An empty variable counts as unset, except SCOPE_REGCRED,
 * where it means none. --pod overrides SCOPE_SELECTOR, and --selector overrides SCOPE_POD.
 *
 * Throws ScopeError (usage) for an invalid value.
 */
export function resolveOptions(
  raw: RawOptions,
  ...sources: Readonly<Record<string, string | undefined>>[]
): GlobalOptions {
  const text = (key: string): string | undefined => {
    for (const place of [raw, ...sources.map((source) => variablesOf(source))]) {
      const value = place[key] ?? (key === "image" ? place.dbgImage : undefined);
      if (typeof value === "string") return value;
      if (place[rivals[key] ?? ""] !== undefined) return undefined;
    }
    return undefined;
  };
  const optional = (key: string) => {
    const value = text(key);
    if (value === "") throw needsValue(`--${dashed(key)}`);
    return value === undefined ? {} : { [key]: value };
  };
  const choice = <T extends string>(key: string, choices: readonly T[], fallback: T): T => {
    const value = text(key) ?? fallback;
    if ((choices as readonly string[]).includes(value)) return value as T;
    throw new ScopeError("usage", `Option --${dashed(key)} cannot be "${value}"`, {
      hint: `it is one of ${choices.join(", ")}`,
    });
  };
  return {
    ...optional("namespace"),
    ...optional("pod"),
    ...optional("selector"),
    targetGiven: raw.pod !== undefined || raw.selector !== undefined,
    ...optional("container"),
    ...optional("image"),
    ...optional("debugNamespace"),
    ...optional("context"),
    ...optional("kubeconfig"),
    ...optional("record"),
    regcred: text("regcred") ?? "regcred",
    terminate: raw.terminate === true,
    via: choice("via", wayNames, "auto"),
    output: choice("output", outputs, "text"),
    pullPolicy: choice("pullPolicy", pullPolicies, "IfNotPresent"),
    timeoutMs: seconds("timeout", text("timeout") ?? "60") * 1000,
    verbose: raw.verbose === true,
  };
}

/** Returns the error for an option without its value. */
export function needsValue(option: string): ScopeError {
  return new ScopeError("usage", `Option ${option} needs a value`, {
    hint: "give one after it, or leave the option out",
  });
}

/** Parses a positive number of seconds, rounded to milliseconds. Throws ScopeError (usage). */
export function seconds(option: string, text: string): number {
  const value = /^(\d+\.?\d*|\.\d+)s?$/.test(text) ? Math.round(parseFloat(text) * 1000) / 1000 : NaN;
  if (value > 0 && value <= 86_400) return value;
  throw new ScopeError("usage", `Option --${option} cannot be "${text}"`, {
    hint: "it is a number of seconds from 0.001 to 86400, for example 0.2",
  });
}

/** Parses a whole number, 0 or more. Throws ScopeError (usage). */
export function count(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ScopeError("usage", `Option --${option} cannot be "${text}"`, {
    hint: "it is a whole number, 0 for no limit",
  });
}

/** Parses a pid. Throws ScopeError (usage). */
export function processId(option: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new ScopeError("usage", `Option --${option} cannot be "${text}"`, {
    hint: "it is the number of a process, as scope pids shows it under PID",
  });
}

/** Returns the long name in flags such as `-c, --count <n>`. */
export function longName(flags: string): string {
  return /--([\w-]+)/.exec(flags)![1]!;
}

/** Returns the target that the global options name. */
export function targetQuery({ pod, selector, container }: GlobalOptions): TargetQuery {
  return defined({ pod, selector, container });
}

function dashed(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Shells with completion for scope. */
export const completedShells = ["bash", "zsh", "fish"] as const;
export type CompletedShell = (typeof completedShells)[number];
