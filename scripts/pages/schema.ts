import { createGenerator } from "ts-json-schema-generator";

/** A part of a JSON Schema, as far as these pages read it. */
export interface Schema {
  $ref?: string;
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  items?: Schema;
  anyOf?: readonly Schema[];
  description?: string;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: boolean | Schema;
  definitions?: Readonly<Record<string, Schema>>;
}

/** The JSON Schema of all events, made from their types. */
export function eventSchema(): Schema {
  const generator = createGenerator({
    path: "src/event.ts",
    tsconfig: "scripts/pages/tsconfig.json",
    type: "Event",
    expose: "export",
    additionalProperties: false,
    encodeRefs: false,
    skipTypeCheck: true,
    sortProps: false,
  });
  return generator.createSchema("Event") as Schema;
}
