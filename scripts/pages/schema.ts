import { createGenerator } from "ts-json-schema-generator";

/** The parts of a JSON Schema that these pages read. */
export interface Schema {
  $id?: string;
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

/** Version of the schema; raised unless only fields or events are added. 2: names of sizes, kinds, `pids.process`, `local`. */
const schemaVersion = 2;

/** Returns the JSON Schema of all events, made from their types. */
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
  return flat(generator.createSchema("Event") as Schema);
}

/** Merges the events of each feature into the one list of `Event`. */
function flat({ definitions = {}, ...schema }: Schema): Schema {
  const { Event: event, ...others } = definitions as Record<string, Schema>;
  const prefixes = new Set<string>();
  const eventsOf = (one: Schema): Schema[] => {
    const name = one.$ref?.replace("#/definitions/", "") ?? "", of = others[name];
    const inner = of?.anyOf ?? (of?.$ref === undefined ? undefined : [of]);
    if (inner === undefined) return [one];
    prefixes.add(name);
    return inner.flatMap(eventsOf);
  };
  const anyOf = (event?.anyOf ?? []).flatMap(eventsOf);
  const left = Object.entries(others).filter(([name]) => !prefixes.has(name));
  return {
    $id: `scope-events-${schemaVersion}`,
    ...schema,
    definitions: { Event: { ...event, anyOf }, ...Object.fromEntries(left) },
  };
}
