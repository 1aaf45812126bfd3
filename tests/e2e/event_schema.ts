import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import assert from "node:assert/strict";
import json from "../../docs/events.schema.json" with { type: "json" };
import type { Schema } from "../../scripts/pages/schema.ts";

/** Validators by event type, made when the first event of a type is met: to make all of them takes a third of a second. */
const validators = new Map<unknown, ValidateFunction>();
const schema: Schema = json, references = new Map<unknown, string>(), ajv = new Ajv({ allErrors: true });
formats.default(ajv);
ajv.addSchema(schema, "events");
for (const { $ref = "" } of schema.definitions?.Event?.anyOf ?? []) {
  const { type } = schema.definitions?.[$ref.slice("#/definitions/".length)]?.properties ?? {};
  references.set(type?.const, `events${$ref}`);
}

/** Returns the validator of one event type: its errors refer to that type only, and not to all others. */
function validatorOf(type: unknown): ValidateFunction | undefined {
  const $ref = references.get(type);
  if ($ref !== undefined && !validators.has(type)) validators.set(type, ajv.compile({ $ref }));
  return validators.get(type);
}

/** Returns the value as an event; fails when it does not match the documented JSON Schema. */
export function asEvent(value: unknown): Record<string, unknown> {
  const event = value as Record<string, unknown>, validate = validatorOf(event.type);
  assert.ok(validate, `no such event: ${JSON.stringify(value)}`);
  validate(event);
  assert.deepEqual(validate.errors ?? [], [], JSON.stringify(event));
  return event;
}
