import assert from "node:assert/strict";
import { until } from "../cluster/wait.ts";
import { CHECKOUT, outcome } from "./cluster_script.ts";
import { differences, examplesOf, withOutput } from "./docs_pages.ts";
import { Reader } from "./docs_reader.ts";
import { kubectl } from "./kube.ts";

/** True to update the pages with the real output instead of failing. */
const update = Deno.env.has("UPDATE_DOCS");

const pages = [
  "README.md",
  ...["docs", "docs/tasks"].flatMap((directory) =>
    [...Deno.readDirSync(`${CHECKOUT}/${directory}`)].map(({ name }) => `${directory}/${name}`)
  ),
].filter((page) => page.endsWith(".md") && examplesOf(Deno.readTextFileSync(`${CHECKOUT}/${page}`)).length > 0);

/** The workloads that the pages use. */
class Shop implements AsyncDisposable {
  static async open(): Promise<Shop> {
    await kubectl(["apply", "-f", `${CHECKOUT}/tests/testdata/docs/shop.yaml`]);
    return new Shop();
  }

  /** Replaces the pods with new ones, which have no ephemeral containers. */
  async renew(): Promise<void> {
    await kubectl(["-n", "shop", "delete", "pods", "--all"]);
    await kubectl(["-n", "shop", "wait", "--for=condition=Available", "deployment", "--all", "--timeout=60s"]);
    // The node may still route the service to a pod that has just gone.
    const ask = 'timeout 2 wget -qO- "http://$API_SERVICE_HOST:8080/hostname" >/dev/null';
    await until("the worker to reach the api", 60, async () => {
      return (await outcome("kubectl", ["-n", "shop", "exec", "deploy/worker", "--", "sh", "-c", ask])).code === 0;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await kubectl(["delete", "namespace", "shop", "--wait=false"]);
    await until("the namespace to be gone", 60, async () => {
      return (await outcome("kubectl", ["get", "namespace", "shop"])).code !== 0;
    });
  }
}

Deno.test("Every page of the documentation does what it says", async (t) => {
  // The commands of the other pages are run by image_push_test.ts and packages_test.ts, or are not scope's.
  assert.deepEqual(pages.toSorted(), [
    "docs/security.md",
    ...["cannot_reach", "distroless", "istio", "it_hangs", "what_does_it_send"].map((name) => `docs/tasks/${name}.md`),
    "docs/tour.md",
  ]);
  await using shop = await Shop.open();
  for (const page of pages.toSorted()) {
    await t.step(page, async () => {
      const text = Deno.readTextFileSync(`${CHECKOUT}/${page}`);
      await shop.renew();
      await using reader = new Reader();
      const printed = new Map<number, readonly string[]>(), wrong: string[] = [];
      for (const example of examplesOf(text)) {
        const { lines, code } = await reader.run(example);
        printed.set(example.line, lines);
        const fails = example.output.some((line) => /^error: |command terminated/.test(line));
        // The exit code of several commands is that of the last one.
        const several = /[;|]/.test(example.command);
        const ended = (fails ? several || code !== 0 : code === 0) ||
          example.beforeInterrupt !== undefined && code === 130;
        const differs = [...differences(example.output, lines), ...(ended ? [] : [`exit code ${code}`])];
        wrong.push(...differs.map((how) => `${page}:${example.line}: ${how}`));
      }
      if (update) Deno.writeTextFileSync(`${CHECKOUT}/${page}`, withOutput(text, printed));
      assert.deepEqual(wrong, []);
    });
  }
});

Deno.test("The man page is one that man can show", async () => {
  const args = ["-T", "lint", "-W", "warning", `${CHECKOUT}/docs/scope.1`];
  const { code, stdout, stderr } = await outcome("mandoc", args);
  // No date on purpose: it would be out of date every day.
  assert.match(stdout, /^mandoc: \S+: WARNING: missing date, using "": TH\n$/, `${code} ${stderr}`);
});
