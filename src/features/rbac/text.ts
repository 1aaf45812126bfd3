import type { EventText } from "../../renderer.ts";
import type { RbacEvent } from "./events.ts";
import type { RbacBinding, RbacRole, RbacRule } from "../../event.ts";
import { escaped } from "../../text/safe.ts";
import { jsonText } from "../../text/json.ts";

/** Of a line of comments, as far as its words allow. */
const longest = 120;
const group = "rbac.authorization.k8s.io";

/** A Role as YAML, as `kubectl apply -f -` takes it; what to know and what each rule is for stands in comments. */
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

/** Gives a Role to somebody, as YAML. */
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
    // Not managed-by: nothing of scope's removes it.
    "    app.kubernetes.io/part-of: scope",
  ];
}

function list(words: readonly string[]): string {
  return `[${words.map(scalar).join(", ")}]`;
}

/** JSON is YAML: what could be read as something else, or end the text, stands in quotes. */
function scalar(text: string): string {
  return /^[a-z][a-z0-9./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/.test(text)
    ? text
    : jsonText(text);
}

/** As many lines as it takes, from `indent` on, and no other: programs that read YAML end lines at more characters than most. */
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
