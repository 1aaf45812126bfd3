import { Ajv } from "ajv";
import formats from "ajv-formats";
import assert from "node:assert/strict";
import json from "../../docs/events.schema.json" with { type: "json" };
import type { Schema } from "../../scripts/pages/schema.ts";

const schema: Schema = json, ajv = new Ajv({ allErrors: true });
formats.default(ajv);
ajv.addSchema(schema, "events");

/** References to the event types: the errors of one refer to that type only, and not to all others. */
const references = new Map((schema.definitions?.Event?.anyOf ?? []).map(({ $ref = "" }) => {
  const { type } = schema.definitions?.[$ref.slice("#/definitions/".length)]?.properties ?? {};
  return [type?.const as unknown, `events${$ref}`];
}));

/** Returns the value as an event; fails when it does not match the documented JSON Schema. */
export function asEvent(value: unknown): Record<string, unknown> {
  const event = value as Record<string, unknown>, reference = references.get(event.type);
  // ajv makes a validator when it is asked for it, and keeps it: to make all of them takes a third of a second.
  const validate = reference === undefined ? undefined : ajv.getSchema(reference);
  assert.ok(validate, `no such event: ${JSON.stringify(value)}`);
  validate(event);
  assert.deepEqual(validate.errors ?? [], [], JSON.stringify(event));
  return event;
}
