/** A map of a document, with values of any type. The readers below throw Error with the place (`at`) of a wrong type. */
export type Fields = Record<string, unknown>;

export function objectOf(at: string, value: unknown): Fields {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" && !Array.isArray(value)) return value as Fields;
  throw new Error(`${at} is ${typeName(value)}, not a map`);
}

export function listOf(at: string, value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new Error(`${at} is ${typeName(value)}, not a list`);
}

export function textsOf(at: string, value: unknown): string[] {
  return listOf(at, value).map((one, index) => stringsOf(at, { [index]: one })(String(index)));
}

/** Returns a reader of strings; missing ones are empty. */
export function stringsOf(at: string, fields: Fields): (key: string) => string {
  return (key) => {
    const value = fields[key] ?? "";
    if (typeof value === "string") return value;
    throw new Error(`${at === "" ? "" : `${at}.`}${key} is ${typeName(value)}, not a text`);
  };
}

export function booleanOf(at: string, fields: Fields, key: string): boolean {
  const value = fields[key] ?? false;
  if (typeof value === "boolean") return value;
  throw new Error(`${at}.${key} is ${typeName(value)}, not true or false`);
}

export function dataOf(at: string, fields: Fields, key: string): string {
  const data = stringsOf(at, fields)(key).replaceAll(/[\r\n]/g, "");
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(data)) return data;
  throw new Error(`${at}.${key} is not base64`);
}

function typeName(value: unknown): string {
  return Array.isArray(value)
    ? "a list"
    : typeof value === "object"
    ? "a map"
    : `a ${typeof value}`.replace("string", "text");
}
