/** What scripts/capture-istio has captured. */
const folder = new URL("../../../../testdata/istio/", import.meta.url);

export const istioText = (name: string): string => Deno.readTextFileSync(new URL(name, folder));
export const istioBytes = (name: string): Uint8Array => Deno.readFileSync(new URL(name, folder));
