import { commands } from "../app.ts";
import { answerOf, type Candidate, filesAnswer, joinQuoted, noAnswer, type Wanted, wantedOf } from "./completion.ts";
import { type LookupKind, lookupOf } from "./completion_lookup.ts";
import { textOf as configText } from "../kube/config_text.ts";
import type { ConfigFile } from "../kube/kubeconfig.ts";
import {
  contextNames,
  contextOf,
  type Material,
  needsPlugin,
  type QuickConfig,
  quickConfig,
} from "../kube/quick_config.ts";
import { type GlobalOptions, globalOptions, resolveOptions, targetQuery } from "../options.ts";
import { runAgain } from "../terminal/background.ts";
import { readEnvFile } from "./config.ts";
import { NameCache } from "./name_cache.ts";
import { writeAll } from "../terminal/terminal.ts";

/** How long somebody who presses Tab may wait, in milliseconds: 300, or what $SCOPE_COMPLETION_MS says. */
const wantedMs = Number(Deno.env.get("SCOPE_COMPLETION_MS")) || 300;
/** When to give up, in milliseconds since this program began: to start Deno and to end it takes the rest. */
const limitMs = Math.max(0, wantedMs - 50);

/** Set for the run in the background that asks for the next completion what was not answered in time. */
const againVariable = "SCOPE_COMPLETION_AGAIN";
/** Limit for the question in the background, in milliseconds. */
const againMs = 10_000;

/** A question to the cluster whose answer has not come yet. */
interface Open {
  cache: NameCache;
  /** The answer of the last minutes, as the shell gets it. */
  lately: string | undefined;
}

/**
 * Answers a shell that asks what could stand at its cursor, with the words up to there. Always ends with 0 and without a
 * word on stderr: what it cannot find out in time it does not offer, unless the cluster answered the same a little earlier.
 */
export async function complete(words: readonly string[]): Promise<number> {
  const answered = Promise.withResolvers<string>();
  let open: Open | undefined, unanswered: Open | undefined;
  const giveUp = () => answered.resolve((unanswered = open)?.lately ?? noAnswer);
  setTimeout(giveUp, Math.max(0, limitMs - performance.now()));
  // What goes wrong later must not be told either.
  addEventListener("unhandledrejection", (event) => event.preventDefault());
  answer(words, (question) => open = question).catch(() => noAnswer).then(answered.resolve);
  const text = await answered.promise;
  try {
    writeAll(Deno.stdout, new TextEncoder().encode(text));
  } catch {
    // The shell has gone.
  }
  if (unanswered !== undefined) askAgain(unanswered);
  return 0;
}

/** Asks in the background, so that the next completion has an answer. */
function askAgain({ cache }: Open): void {
  if (Deno.env.get(againVariable) !== undefined || !cache.claim()) return;
  try {
    runAgain({ [againVariable]: "1", SCOPE_COMPLETION_MS: String(againMs) });
  } catch {
    // Then the next one asks for itself.
  }
}

/** `ask` hears of a question that goes to the cluster, and of its end. */
async function answer(words: readonly string[], ask: (open: Open | undefined) => void): Promise<string> {
  const wanted = wantedOf(joinQuoted(words).map(unquoted), { commands, globals: globalOptions });
  const { typed, values, candidates } = wanted;
  if (values === undefined) return answerOf(typed, candidates);
  if (values === "file") return filesAnswer;
  const options = optionsOf(wanted.globals), files = configFiles(options.kubeconfig);
  if (values === "context") return answerOf(typed, contextNames(files).map((value) => ({ value })));
  const cache = new NameCache(questionOf(options, files, values, typed)), known = cache.read();
  ask({ cache, lately: known === undefined ? undefined : answerOf(typed, known) });
  const found = await lookUp(options, files, typed, values);
  ask(undefined);
  if (found === undefined) return noAnswer;
  cache.write(found);
  return answerOf(typed, found);
}

/** All that the answer depends on but the credentials: whose kubeconfig it is, where it leads, what is asked for. */
function questionOf(
  options: GlobalOptions,
  files: ReturnType<typeof configFiles>,
  values: LookupKind,
  typed: string,
): string {
  const { context, namespace } = options, { pod, selector } = targetQuery(options);
  const current = contextOf(files, context), before = typed.slice(0, typed.indexOf("/") + 1);
  const asked = {
    values,
    before,
    empty: typed === "",
    ...values === "pod" || values === "running-pod" ? {} : { pod, selector },
  };
  return JSON.stringify({ files: files.map(({ path }) => path), ...current, ...namespace && { namespace }, ...asked });
}

/** Resolves to undefined where the cluster refuses to answer. */
async function lookUp(
  options: GlobalOptions,
  files: readonly ConfigFile[],
  typed: string,
  values: LookupKind,
): Promise<Candidate[] | undefined> {
  const config = quickConfig(files, options.context), target = targetQuery(options);
  if (config === undefined) return await lookUpSlowly(options, files, (own) => lookupOf(values, typed, own, target));
  const { path, query, accept, read } = lookupOf(values, typed, options.namespace ?? config.namespace, target);
  const answer = await askQuickly(config, `${path}?${new URLSearchParams(query)}`, accept);
  return answer.ok ? read(await answer.json()) : undefined;
}

/** Asks an API server without the client library. */
export async function askQuickly(config: QuickConfig, path: string, accept: string): Promise<Response> {
  const [authority, cert, key, token] = [config.authority, config.certificate, config.key, config.token].map(textOf);
  const client = Deno.createHttpClient({
    ...(authority === undefined ? {} : { caCerts: [authority] }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  });
  return await fetch(`${config.server}${path}`, {
    client,
    headers: { accept, ...(token === undefined ? {} : { authorization: `Bearer ${token.trim()}` }) },
  });
}

/** With the client library, for a kubeconfig that only it understands; it is loaded just in time, or too late. */
async function lookUpSlowly(
  options: GlobalOptions,
  files: readonly ConfigFile[],
  lookup: (namespace: string) => ReturnType<typeof lookupOf>,
): Promise<Candidate[] | undefined> {
  // A plugin may open a browser, or ask for a password where somebody types a command.
  if (needsPlugin(files, options.context) && !Deno.env.get("SCOPE_COMPLETION_PLUGINS")) return undefined;
  const { loadCluster } = await import("../kube/cluster.ts");
  const cluster = loadCluster({
    ...{ ...options, timeoutMs: limitMs, notice: () => {}, signal: new AbortController().signal },
    env: Deno.env.toObject(),
  });
  const { path, query, read } = lookup(options.namespace ?? cluster.namespace);
  return read(await cluster.request("complete", { method: "GET", path, query }));
}

/** What the command line so far, the environment and the file of variables say of cluster and target. */
function optionsOf(globals: Wanted["globals"]): GlobalOptions {
  const file = typeof globals.envFile === "string" ? globals.envFile : undefined;
  const asked = ["namespace", "pod", "selector", "container", "context", "kubeconfig"];
  const names = globalOptions.filter(({ key }) => asked.includes(key)).map(({ variable = "" }) => variable);
  const only = (from: Readonly<Record<string, string | boolean | readonly string[] | undefined>>, kept: string[]) =>
    Object.fromEntries(Object.entries(from).filter(([name]) => kept.includes(name)));
  const sources = [Deno.env.toObject(), readEnvFile(file)].map((source) => only(source, names));
  return resolveOptions(only(globals, asked), ...sources as Record<string, string>[]);
}

function configFiles(given: string | undefined): (ConfigFile & { path: string })[] {
  const home = `${Deno.env.get("HOME") ?? ""}/.kube/config`;
  const paths = given !== undefined ? [given] : (Deno.env.get("KUBECONFIG") || home).split(":").filter((path) => path);
  return paths.flatMap((path) => {
    try {
      return [{ path, text: configText(Deno.readFileSync(path)) }];
    } catch {
      return [];
    }
  });
}

/** A word as typed, without quotes; of what a shell would expand in it, only the home directory is. */
function unquoted(word: string): string {
  const home = Deno.env.get("HOME") ?? "";
  return word.replaceAll(/["'\\]/g, "").replace(/^(?:~|\$HOME|\$\{HOME\})\//, `${home}/`);
}

function textOf(material: Material | undefined): string | undefined {
  return material === undefined ? undefined : "text" in material ? material.text : Deno.readTextFileSync(material.file);
}
