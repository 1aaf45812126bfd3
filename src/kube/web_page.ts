/**
 * Returns the title of a web page, such as a login or a proxy's error, which no API server sends. Returns undefined for any
 * other text, and an empty string for a page without a title.
 */
export function pageTitle(text: string): string | undefined {
  if (!/^\s*(<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(!doctype html|html|head|body|title)\b/is.test(text)) return undefined;
  const [, title = ""] = /<title[^>]*>(.*?)<\/title>/is.exec(text) ?? [];
  return title.replaceAll(/\s+/g, " ").trim().slice(0, 100);
}
