import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { CHECKOUT, outcome } from "./cluster_script.ts";

Deno.test("scripts/image --push publishes the image, and scope uses it from then on", async () => {
  const home = await Deno.makeTempDir(), port = freePort(), config = `${home}/config/scope/env`;
  const registry = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net", "--no-config", `${import.meta.dirname}/registry.ts`, `${port}`],
    stdout: "piped",
  }).spawn();
  let said = "";
  const read = (async () => {
    for await (const text of registry.stdout.pipeThrough(new TextDecoderStream())) said += text;
  })();
  try {
    await until("the registry to listen", 20, () => said.includes("ready\n"));
    await Deno.mkdir(`${home}/config/scope`, { recursive: true });
    await Deno.writeTextFile(config, "SCOPE_NAMESPACE=shop\nSCOPE_IMAGE=old\n");
    const reference = `localhost:${port}/scope/endoscope:1`;
    const push = async (to: string) =>
      await outcome(`${CHECKOUT}/scripts/image`, ["--no-load", "--push", to], { XDG_CONFIG_HOME: `${home}/config` });
    const { code, stdout, stderr } = await push(reference);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `${reference}\n`);
    await until("the registry to have it", 5, () => said.includes("manifest scope/endoscope:1\n"));
    assert.equal(await Deno.readTextFile(config), `SCOPE_NAMESPACE=shop\nSCOPE_IMAGE=${reference}\n`);
    // An image that cannot be published is not used.
    const nobody = await push("localhost:1/scope/endoscope:1");
    assert.equal(nobody.code, 69);
    assert.match(nobody.stderr, /^error: Cannot publish the image as "localhost:1\/scope\/endoscope:1"\nhint: /m);
    assert.match(await Deno.readTextFile(config), new RegExp(`${port}`));
  } finally {
    registry.kill("SIGTERM");
    await Promise.all([registry.status, read]);
    await Deno.remove(home, { recursive: true });
  }
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
