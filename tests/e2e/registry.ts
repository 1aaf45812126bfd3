/** Serves an image registry that accepts pushes and prints each manifest; see the OCI distribution specification. The first
 * argument is its port. Prints "ready" when it listens. */
const manifests = new Map<string, string>(), blobs = new Set<string>();
Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen: () => console.log("ready") },
  async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const [, name, kind, rest] = /^\/v2\/(.+)\/(blobs|manifests)\/(.*)$/.exec(pathname) ?? [];
    if (name === undefined) return new Response("{}");
    if (kind === "manifests") {
      if (request.method !== "PUT") {
        return new Response(manifests.get(`${name}:${rest}`) ?? null, {
          status: manifests.has(`${name}:${rest}`) ? 200 : 404,
        });
      }
      manifests.set(`${name}:${rest}`, await request.text());
      console.log(`manifest ${name}:${rest}`);
      return new Response(null, { status: 201 });
    }
    if (request.method === "HEAD") return new Response(null, { status: blobs.has(rest!) ? 200 : 404 });
    if (request.method === "POST") {
      return new Response(null, {
        status: 202,
        headers: { location: `/v2/${name}/blobs/uploads/${crypto.randomUUID()}`, range: "0-0" },
      });
    }
    await request.body?.pipeTo(new WritableStream());
    if (request.method === "PATCH") {
      return new Response(null, {
        status: 202,
        headers: { location: pathname, range: "0-1" },
      });
    }
    blobs.add(searchParams.get("digest")!);
    return new Response(null, { status: 201 });
  },
);
