import assert from "node:assert/strict";
import { demoPods, TestNamespace } from "./kube.ts";
import { eventsOf, scope, scopeOk, startScope } from "./scope.ts";
import { overWays } from "./ways.ts";

overWays("hping", async (t) => {
  await using own = await TestNamespace.make();
  await own.pod("one");
  const [api] = await demoPods("api");
  const web = ["-n", "demo", "-p", "web"], address = api!.status.podIP!;
  const where = `demo/${api!.metadata.name} \\(${address} on ${api!.spec.nodeName}\\)`.replaceAll(".", "\\.");

  await t.step("-N NAMESPACE -d POD -- OPTIONS: what comes back, and the statistics", async () => {
    const stdout = await scopeOk("-n", own.name, "-p", "one", "hping", "-N", "demo", "-d", "api", "--", "-c", "1");
    assert.match(stdout, new RegExp(`^${where}: len=\\d+ ip=\\S+ .* flags=RA seq=0 win=0 rtt=[\\d.]+ ms$`, "m"));
    assert.match(stdout, new RegExp(`^demo/${api!.metadata.name} .* 1 +1 +0% `, "m"));
  });

  await t.step("-o json: a SYN to an open port, and UDP to a closed one", async () => {
    const syn = eventsOf(
      await scopeOk(...web, "hping", "-o", "json", "-d", "api", "--", "-S", "-p", "8080", "-c", "2"),
    );
    const replies = syn.filter(({ type }) => type === "hping.reply");
    assert.deepEqual(replies.map(({ seq, flags, sourcePort, pod }) => [seq, flags, sourcePort, pod]), [
      [0, "SA", 8080, api!.metadata.name],
      [1, "SA", 8080, api!.metadata.name],
    ]);
    assert.ok(replies.every(({ rttMs }) => (rttMs as number) > 0));
    const udp = eventsOf(
      await scopeOk(...web, "hping", "-o", "json", "-d", "api", "--", "--udp", "-p", "9", "-c", "1"),
    );
    const [refused] = udp.filter(({ type }) => type === "hping.reply");
    assert.deepEqual([refused?.["icmp"], refused?.["from"], refused?.["seq"]], ["Port Unreachable", address, 0]);
  });

  await t.step("-a reaches every pod at once, but the target itself, and says so", async () => {
    const [from] = await demoPods("web");
    const args = ["-n", "demo", "-p", from!.metadata.name, "hping", "-a", "-o", "json", "--", "--icmp", "-c", "2"];
    const { code, stdout, stderr, seconds } = await scope(args);
    assert.equal(code, 0, stderr + stdout);
    const events = eventsOf(stdout);
    const summaries = events.filter(({ type }) => type === "hping.summary");
    assert.ok(summaries.length > 5 && summaries.every(({ received }) => received === 2), stdout);
    const skipped = events.filter(({ type }) => type === "ping.skipped").map(({ pod }) => pod);
    assert.ok(skipped.includes(from!.metadata.name) && skipped.includes("pending"), `${skipped}`);
    assert.ok(seconds < 2 * summaries.length, `${seconds} s: one after another`);
  });

  await t.step("nothing comes back: hping3's own exit code", async () => {
    const { code, stdout } = await scope([...web, "hping", "192.0.2.1", "--", "--icmp", "-c", "1"]);
    assert.equal(code, 1);
    assert.match(stdout, /^192\.0\.2\.1 +- +192\.0\.2\.1 +1 +0 +100% +- +- +-$/m);
  });

  await t.step("without -c it goes on, line by line, until Ctrl-C", async () => {
    await using hping = startScope([...web, "hping", "-d", "api", "--", "-S", "-p", "8080"]);
    await hping.until("stdout", /seq=1 /);
    hping.signal("SIGINT");
    assert.equal(await hping.exit(5), 130);
    assert.match(hping.stdout, /^NAME +NODE +ADDRESS +SENT +RECEIVED +LOSS /m);
  });

  await t.step("mistakes", async () => {
    for (
      const [args, code, error] of [
        [[], 64, "No destination specified"],
        [["fd00::1"], 64, 'Host cannot be "fd00::1"'],
        [["nowhere.invalid", "--", "-c", "1"], 68, 'Cannot resolve "nowhere.invalid" in the target\'s network'],
        [["-d", "nosuch"], 68, 'Cannot find pod "nosuch" in namespace "demo"'],
        [["api", "-S"], 64, 'Unknown option "-S"'],
        [["-d", "api", "-c", "x"], 64, 'Option --count cannot be "x"'],
      ] as const
    ) {
      const { code: found, stderr, stdout } = await scope([...web, "hping", ...args]);
      assert.deepEqual([found, stdout], [code, ""], stderr);
      assert.ok(stderr.includes(`error: ${error}\n`), stderr);
    }
  });
});
