/** Serves an image registry without images. The first argument is its port. Prints "ready" when it listens. */
Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0]),
  onListen: () => console.log("ready"),
}, (request) => {
  if (new URL(request.url).pathname === "/v2/") return new Response("{}");
  const errors = [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }];
  return Response.json({ errors }, { status: 404 });
});
