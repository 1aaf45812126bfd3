import { statOf } from "../../../src/manager/server/processes.ts";
import { continuing } from "../../../src/warm/stopping.ts";
import { until } from "../../cluster/wait.ts";

const silent = { stdin: "null", stdout: "null", stderr: "null" } as const;

Deno.test("a worker that stops after its program has ended is continued, and the shell ends with it", async () => {
  const program = new Deno.Command("true", silent).spawn();
  await program.status;
  const worker = new Deno.Command("sleep", { args: ["60"], ...silent }).spawn();
  // It prints when it has continued the worker once.
  const script = continuing(program.pid, worker.pid).replace(/kill -CONT \d+/, "$& && echo on");
  const shell = new Deno.Command("sh", { args: ["-c", script], ...silent, stdout: "piped" }).spawn();
  try {
    const output = shell.stdout.getReader();
    await output.read();
    worker.kill("SIGSTOP");
    await until("the worker to be continued", 10, () => statOf(worker.pid)?.state === "S");
    await output.cancel();
  } finally {
    worker.kill("SIGKILL");
    await Promise.all([worker.status, shell.status]);
  }
});
