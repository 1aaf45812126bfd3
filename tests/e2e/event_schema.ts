import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import assert from "node:assert/strict";
import json from "../../docs/events.schema.json" with { type: "json" };
import type { Schema } from "../../scripts/pages/schema.ts";

const validators = new Map<unknown, ValidateFunction>();
{
  const schema: Schema = json, ajv = new Ajv({ allErrors: true });
  formats.default(ajv);
  ajv.addSchema(schema, "events");
  for (const { $ref = "" } of schema.definitions?.Event?.anyOf ?? []) {
    // One validator per event type: errors then refer to that type only, and not to all others.
    const { type } = schema.definitions?.[$ref.slice("#/definitions/".length)]?.properties ?? {};
    validators.set(type?.const, ajv.compile({ $ref: `events${$ref}` }));
  }
}

/** Returns the value as an event; fails when it does not match the documented JSON Schema. */
export function asEvent(value: unknown): Record<string, unknown> {
  const event = value as Record<string, unknown>, validate = validators.get(event.type);
  assert.ok(validate, `no such event: ${JSON.stringify(value)}`);
  validate(event);
  assert.deepEqual(validate.errors ?? [], [], JSON.stringify(event));
  return event;
}
