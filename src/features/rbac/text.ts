import type { EventText } from "../../renderer.ts";
import type { RbacEvent } from "./events.ts";
import type { RbacBinding, RbacRole, RbacRule } from "../../event.ts";
import { escaped } from "../../text/safe.ts";
import { jsonText } from "../../text/json.ts";

/** Length limit of a comment line, unless a single word is longer. */
const longest = 120;
const group = "rbac.authorization.k8s.io";

/** Formats a Role as YAML for `kubectl apply -f -`; the notes and the purpose of each rule are comments. */
export function roleLines({ kind, name, namespace, commands, rules, notes }: RbacRole): string[] {
  return [
    "---",
    ...[`What scope ${commands.join(", ")} ${commands.length === 1 ? "needs" : "need"}.`, ...notes].flatMap((text) =>
      comments(text)
    ),
    `apiVersion: ${group}/v1`,
    `kind: ${kind}`,
    ...metadata(name, namespace),
    "rules:",
    ...rules.flatMap(ruleLines),
  ];
}

function ruleLines({ apiGroups, resources, resourceNames, verbs, for: reasons }: RbacRule): string[] {
  return [
    ...comments(`to ${reasons.join("; ")}`, "  "),
    `  - apiGroups: ${list(apiGroups)}`,
    `    resources: ${list(resources)}`,
    ...resourceNames === undefined ? [] : [`    resourceNames: ${list(resourceNames)}`],
    `    verbs: ${list(verbs)}`,
  ];
}

/** Formats a binding as YAML. */
export function bindingLines({ kind, name, namespace, role, subject }: RbacBinding): string[] {
  return [
    "---",
    `apiVersion: ${group}/v1`,
    `kind: ${kind}`,
    ...metadata(name, namespace),
    "roleRef:",
    `  apiGroup: ${group}`,
    `  kind: ${kind.replace("Binding", "")}`,
    `  name: ${scalar(role)}`,
    "subjects:",
    `  - kind: ${subject.kind}`,
    `    name: ${scalar(subject.name)}`,
    ...subject.namespace === undefined ? [`    apiGroup: ${group}`] : [`    namespace: ${scalar(subject.namespace)}`],
  ];
}

function metadata(name: string, namespace: string | undefined): string[] {
  return [
    "metadata:",
    `  name: ${scalar(name)}`,
    ...namespace === undefined ? [] : [`  namespace: ${scalar(namespace)}`],
    "  labels:",
    // Not `managed-by`: scope itself never removes it.
    "    app.kubernetes.io/part-of: scope",
  ];
}

function list(words: readonly string[]): string {
  return `[${words.map(scalar).join(", ")}]`;
}

/** Returns a YAML scalar. JSON is YAML: a text that could be read as another type, or could end early, is quoted. */
function scalar(text: string): string {
  return /^[a-z][a-z0-9./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/.test(text)
    ? text
    : jsonText(text);
}

/**
 * Wraps a text into comment lines with `indent`. The text is escaped, because YAML parsers end lines at more characters than
 * most programs.
 */
function comments(text: string, indent = ""): string[] {
  const lines: string[] = [];
  for (const word of escaped(text).split(" ")) {
    const longer = lines.length === 0 ? `${indent}# ${word}` : `${lines.at(-1)} ${word}`;
    if (lines.length === 0 || longer.length <= longest) lines.splice(-1, 1, longer);
    else lines.push(`${indent}#   ${word}`);
  }
  return lines;
}

export function rbacText(): EventText<RbacEvent> {
  return { lines: (event) => event.type === "rbac.role" ? roleLines(event) : bindingLines(event) };
}
