/** Returns the SHA-256 of these bytes, one after the other. By Web Crypto: loading node:crypto takes longer than all else. */
export async function sha256(...parts: readonly Uint8Array<ArrayBuffer>[]): Promise<string> {
  const bytes = new Uint8Array(await new Blob([...parts]).arrayBuffer());
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
