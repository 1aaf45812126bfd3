import type { Material, QuickConfig } from "./quick_config.ts";

/** Authentication of both ends: PEM texts, and headers. */
export interface QuickMaterial {
  ca: string | undefined;
  cert: string | undefined;
  key: string | undefined;
  headers: Readonly<Record<string, string>>;
}

/** A client of Deno's own requests, and their headers. */
export interface QuickClient {
  client: Deno.HttpClient;
  headers: Readonly<Record<string, string>>;
}

/** Makes clients of an API server, whose one connection all requests share. */
export interface QuickClients {
  /** Throws when a file of the kubeconfig cannot be read. */
  material(): Promise<QuickMaterial>;
  /** The same client as before, unless the certificates have changed. Throws as `material()`. */
  client(): Promise<QuickClient>;
  /** Forgets the connection, which may be dead; if one is given, just that. */
  renew(dead?: QuickClient): void;
}

const all = new Map<string, QuickClients>();

/** Returns the clients of an API server: the same ones for the same configuration. */
export function quickClients(config: QuickConfig): QuickClients {
  const key = JSON.stringify(config), clients = all.get(key) ?? makeClients(config);
  all.set(key, clients);
  return clients;
}

/** The files of the kubeconfig are read anew each time, as their issuer renews them. */
function makeClients({ authority, certificate, key, token }: QuickConfig): QuickClients {
  let made: { client: Deno.HttpClient; of: string } | undefined;
  const material = async (): Promise<QuickMaterial> => {
    const [ca, cert, secret, bearer] = await Promise.all([authority, certificate, key, token].map(textOf));
    const headers: Record<string, string> = bearer === undefined ? {} : { authorization: `Bearer ${bearer.trim()}` };
    return { ca, cert, key: secret, headers };
  };
  return {
    material,
    async client() {
      const { ca, cert, key, headers } = await material(), of = JSON.stringify([ca, cert, key]);
      if (made?.of !== of) {
        const pair = cert === undefined || key === undefined ? {} : { cert, key };
        const make = () => Deno.createHttpClient({ ...ca === undefined ? {} : { caCerts: [ca] }, ...pair });
        made = { of, client: ca === undefined ? make() : trustingNoOthers(make) };
      }
      return { client: made.client, headers };
    },
    renew(dead) {
      if (dead === undefined || made?.client === dead.client) made = undefined;
    },
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
