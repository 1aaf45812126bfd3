/**
 * Normalizes the address of an API server as kubectl does (client-go's DefaultServerURL): a URL, whose path is a prefix of all
 * requests, or HOST:PORT without TLS. Returns undefined when it is neither.
 */
export function serverAddress(text: string): string | undefined {
  if (/[\s\\]/.test(text)) return undefined;
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]/i.test(text);
  try {
    const url = new URL(withScheme ? text : `http://${text}`);
    const path = url.pathname.replaceAll(/\/{2,}/g, "/").replace(/\/$/, "");
    const usable = /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
    if (!usable || text.startsWith("/") || (!withScheme && path !== "")) return undefined;
    return `${url.protocol}//${url.host}${path}`;
  } catch {
    return undefined;
  }
}
