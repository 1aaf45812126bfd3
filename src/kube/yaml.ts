import { parseAllDocuments } from "yaml";

/** Parses the first document of YAML 1.1 as Go's parser does: of a duplicate key the last value counts. */
export function parseYaml(text: string): unknown {
  const [document] = parseAllDocuments(text, {
    ...{ version: "1.1", merge: true, uniqueKeys: false, logLevel: "silent" },
    // Go's parser keeps dates as strings, and supports no base-60 numbers.
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === "string" || !/timestamp|binary/.test(tag.tag) && !isTime(tag)),
  });
  if (document === undefined || !("errors" in document)) return null;
  const [error] = document.errors;
  if (error !== undefined) throw new Error(error.message);
  return document.toJS();
}

const isTime = (tag: object) => (tag as { format?: string }).format === "TIME";
