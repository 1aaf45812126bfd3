import type { Material, QuickConfig } from "./quick_config.ts";

/** Authentication of Deno's own requests: a client with the certificates, and headers. */
export interface QuickClient {
  client: Deno.HttpClient;
  headers: Readonly<Record<string, string>>;
}

/**
 * Makes clients of an API server. The files are read anew each time, as their issuer renews them; connections are kept until
 * the certificates change. Throws when a file cannot be read.
 */
export function quickClients({ authority, certificate, key, token }: QuickConfig): () => Promise<QuickClient> {
  let made: { client: Deno.HttpClient; of: string } | undefined;
  return async () => {
    const [ca, cert, secret, bearer] = await Promise.all([authority, certificate, key, token].map(textOf));
    const of = JSON.stringify([ca, cert, secret]);
    if (made?.of !== of) {
      const pair = cert === undefined || secret === undefined ? {} : { cert, key: secret };
      const trusted = ca === undefined ? {} : { caCerts: [ca] };
      const make = () => Deno.createHttpClient({ ...trusted, ...pair, http2: false });
      made = { of, client: ca === undefined ? make() : trustingNoOthers(make) };
    }
    return { client: made.client, headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer.trim()}` } };
  };
}

async function textOf(material: Material | undefined): Promise<string | undefined> {
  return material === undefined || "text" in material ? material?.text : await Deno.readTextFile(material.file);
}

/**
 * Makes the first client of this process without authorities of Deno's, as Deno reads these variables for it: kubectl trusts
 * those of the kubeconfig alone.
 */
function trustingNoOthers<T>(make: () => T): T {
  const names = ["DENO_TLS_CA_STORE", "DENO_CERT"], before = names.map((name) => Deno.env.get(name));
  Deno.env.set("DENO_TLS_CA_STORE", "");
  Deno.env.delete("DENO_CERT");
  try {
    return make();
  } finally {
    for (const [at, name] of names.entries()) {
      if (before[at] === undefined) Deno.env.delete(name);
      else Deno.env.set(name, before[at]);
    }
  }
}
