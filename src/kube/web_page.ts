/**
 * The title of a web page, such as that of a login or of a proxy's error: an API server answers with none. Undefined for any
 * other text; empty for a page without a title.
 */
export function pageTitle(text: string): string | undefined {
  if (!/^\s*(<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(!doctype html|html|head|body|title)\b/is.test(text)) return undefined;
  const [, title = ""] = /<title[^>]*>(.*?)<\/title>/is.exec(text) ?? [];
  return title.replaceAll(/\s+/g, " ").trim().slice(0, 100);
}
