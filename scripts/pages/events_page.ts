import { table } from "./markdown.ts";
import type { Schema } from "./schema.ts";

/** Returns docs/events.md: every event with its fields, from their JSON Schema. */
export function eventsPage(schema: Schema): string {
  const definitions = schema.definitions ?? {};
  const events = (definitions.Event?.anyOf ?? []).map(({ $ref = "" }) => definitions[nameOf($ref)] ?? {});
  const lines = [
    "# Events",
    "",
    "`-o json` prints one object a line, and nothing else, on stdout. Written by `scripts/docs` from the program's own types;",
    "[events.schema.json](events.schema.json) is the same as a JSON Schema. Times are RFC 3339 in UTC, durations end in `Ms`, sizes in",
    "`Bytes`. A field marked `?` may be missing. New fields and new events may come; those that are here keep their meaning.",
    "",
  ];
  for (const { properties = {}, required = [], description } of events) {
    const type = properties.type?.const;
    lines.push(`## ${type}`, "");
    if (description !== undefined) lines.push(...description.split("\n"), "");
    const fields = Object.entries(properties).filter(([name]) => name !== "type");
    // Every event has a time, which is listed first.
    const sorted = fields.toSorted(([a], [b]) => Number(b === "time") - Number(a === "time"));
    const rows = sorted.map(([name, field]) => [
      `\`${name}${required.includes(name) ? "" : "?"}\``,
      kindOf(field, definitions),
      field.description ?? "",
    ]);
    lines.push(...table(["field", "is", "meaning"], rows), "");
  }
  return lines.join("\n");
}

const nameOf = (reference: string) => reference.replace("#/definitions/", "");

function kindOf(field: Schema, definitions: Readonly<Record<string, Schema>>): string {
  if (field.$ref !== undefined) return kindOf(definitions[nameOf(field.$ref)] ?? {}, definitions);
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``;
  if (field.enum !== undefined) return field.enum.map((value) => `\`${JSON.stringify(value)}\``).join(" or ");
  if (field.anyOf !== undefined) return field.anyOf.map((one) => kindOf(one, definitions)).join(" or ");
  if (field.type === "array") return `list of ${kindOf(field.items ?? {}, definitions)}`;
  if (field.type === "object" && field.properties !== undefined) {
    const required = field.required ?? [];
    const inner = Object.entries(field.properties).map(([name, of]) =>
      `\`${name}${required.includes(name) ? "" : "?"}\` ${kindOf(of, definitions)}`
    );
    return `object of ${inner.join(", ")}`;
  }
  return Array.isArray(field.type) ? field.type.join(" or ") : `${field.type ?? "anything"}`;
}
