import { commands } from "../app.ts";
import { answerOf, type Candidate, filesAnswer, joinQuoted, noAnswer, type Wanted, wantedOf } from "./completion.ts";
import { type LookupKind, lookupOf } from "./completion_lookup.ts";
import { textOf as configText } from "../kube/config_text.ts";
import type { ConfigFile } from "../kube/kubeconfig.ts";
import { kubeconfigPaths } from "../kube/kubeconfig_paths.ts";
import { quickClients } from "../kube/quick_client.ts";
import { contextNames, contextOf, needsPlugin, type QuickConfig, quickConfig } from "../kube/quick_config.ts";
import { type GlobalOptions, globalOptions, resolveOptions, targetQuery } from "../options.ts";
import { defined } from "../lib/defined.ts";
import { runAgain } from "../terminal/background.ts";
import { readEnvFile } from "./config.ts";
import { NameCache } from "./name_cache.ts";
import { writeAll } from "../terminal/terminal.ts";
import { userProcess } from "../terminal/user_process.ts";

/** Limit in milliseconds since the start: $SCOPE_COMPLETION_MS, by default 300, without what starting and ending Deno takes. */
function limitMs(): number {
  return Math.max(0, (Number(Deno.env.get("SCOPE_COMPLETION_MS")) || 300) - 50);
}

/** Set for the background run, which looks up for the next completion what was not answered in time. */
const againVariable = "SCOPE_COMPLETION_AGAIN";
/** Limit for the background run, in milliseconds. */
const againMs = 10_000;

/** A pending request to the cluster. */
interface Open {
  cache: NameCache;
  /** The cached answer of the last minutes, formatted for the shell. */
  cached: string | undefined;
}

/**
 * Prints the completions for a command line up to the cursor. Always returns 0 and writes nothing to stderr. Names that the
 * cluster does not return in time come from the cache, or are left out.
 */
export async function complete(words: readonly string[]): Promise<number> {
  const answered = Promise.withResolvers<string>();
  let open: Open | undefined, unanswered: Open | undefined;
  const giveUp = () => answered.resolve((unanswered = open)?.cached ?? noAnswer);
  setTimeout(giveUp, Math.max(0, limitMs() - userProcess().ageMs));
  // Later failures must not be printed either.
  addEventListener("unhandledrejection", (event) => event.preventDefault());
  answer(words, (question) => open = question).catch(() => noAnswer).then(answered.resolve);
  const text = await answered.promise;
  try {
    writeAll(userProcess().stdout, new TextEncoder().encode(text));
  } catch {
    // The shell has gone.
  }
  if (unanswered !== undefined) askAgain(unanswered);
  return 0;
}

/** Repeats the request in the background, so that the next completion has an answer. */
function askAgain({ cache }: Open): void {
  if (Deno.env.get(againVariable) !== undefined || !cache.claim()) return;
  try {
    runAgain({ [againVariable]: "1", SCOPE_COMPLETION_MS: String(againMs) });
  } catch {
    // The next completion asks again.
  }
}

/**
 * Returns the answer for the shell. `ask` is called with each request to the cluster, and with undefined when it is answered.
 */
async function answer(words: readonly string[], ask: (open: Open | undefined) => void): Promise<string> {
  const wanted = wantedOf(joinQuoted(words).map(unquoted), { commands, globals: globalOptions });
  const { typed, values, candidates } = wanted;
  if (values === undefined) return answerOf(typed, candidates);
  if (values === "file") return filesAnswer;
  const options = optionsOf(wanted.globals), files = configFiles(options.kubeconfig);
  if (values === "context") return answerOf(typed, contextNames(files).map((value) => ({ value })));
  const cache = new NameCache(questionOf(options, files, values, typed)), known = cache.read();
  ask({ cache, cached: known === undefined ? undefined : answerOf(typed, known) });
  const found = await lookUp(options, files, typed, values);
  ask(undefined);
  if (found === undefined) return noAnswer;
  cache.write(found);
  return answerOf(typed, found);
}

/** Returns the cache key: everything that the answer depends on, except the credentials. */
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

/** Resolves to undefined if the cluster refuses to answer. */
async function lookUp(
  options: GlobalOptions,
  files: readonly ConfigFile[],
  typed: string,
  values: LookupKind,
): Promise<Candidate[] | undefined> {
  const config = quickConfig(files, options.context), target = targetQuery(options);
  if (config === undefined) {
    return await lookUpSlowly(options, files, (namespace) => lookupOf(values, typed, namespace, target));
  }
  const { path, query, accept, read } = lookupOf(values, typed, options.namespace ?? config.namespace, target);
  const answer = await askQuickly(config, `${path}?${new URLSearchParams(query)}`, accept);
  return answer.ok ? read(await answer.json()) : undefined;
}

/** Sends a request to an API server without the client library. */
export async function askQuickly(config: QuickConfig, path: string, accept: string): Promise<Response> {
  const { client, headers } = await quickClients(config).client();
  return await fetch(`${config.server}${path}`, { client, headers: { accept, ...headers } });
}

/** Uses the client library, for a kubeconfig that only the library supports. Loading it may take longer than the limit. */
async function lookUpSlowly(
  options: GlobalOptions,
  files: readonly ConfigFile[],
  lookup: (namespace: string) => ReturnType<typeof lookupOf>,
): Promise<Candidate[] | undefined> {
  // A plugin may open a browser, or ask for a password while the user types a command.
  if (needsPlugin(files, options.context) && !Deno.env.get("SCOPE_COMPLETION_PLUGINS")) return undefined;
  const { loadCluster } = await import("../kube/cluster.ts");
  const cluster = loadCluster({
    ...{ ...options, timeoutMs: limitMs(), notice: () => {}, signal: new AbortController().signal },
    env: Deno.env.toObject(),
  });
  const { path, query, read } = lookup(options.namespace ?? cluster.namespace);
  return read(await cluster.request("complete", { method: "GET", path, query }));
}

/** Returns the options for cluster and target, from the command line so far, the environment and the file of variables. */
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
  const { paths } = kubeconfigPaths({ ...defined({ kubeconfig: given }), env: Deno.env.toObject() });
  return paths.flatMap((path) => {
    try {
      return [{ path, text: configText(Deno.readFileSync(path)) }];
    } catch {
      return [];
    }
  });
}

/** Removes quotes from a typed word; of all shell expansions, only the home directory is supported. */
function unquoted(word: string): string {
  const home = Deno.env.get("HOME") ?? "";
  return word.replaceAll(/["'\\]/g, "").replace(/^(?:~|\$HOME|\$\{HOME\})\//, `${home}/`);
}
