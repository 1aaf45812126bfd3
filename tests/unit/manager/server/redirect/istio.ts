/** Output captured by scripts/capture-istio. */
const directory = new URL("../../../../testdata/istio/", import.meta.url);

export const istioText = (name: string): string => Deno.readTextFileSync(new URL(name, directory));
export const istioBytes = (name: string): Uint8Array => Deno.readFileSync(new URL(name, directory));
