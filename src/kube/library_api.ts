import { Exec, HttpMethod, RequestContext } from "@kubernetes/client-node";
import { type Dispatcher, fetch, request as requestOf } from "undici";
import { defined } from "../lib/defined.ts";
import { onAbort } from "../lib/on_abort.ts";
import { Config } from "./config.ts";
import type { PluginWorld } from "./credential_plugin.ts";
import type { Choice } from "./kubeconfig_choice.ts";
import { refusalOf } from "./refused_upgrade.ts";
import { type Api, type ExecSocket, headersOf, isPage, objectOf, type RestRequest, urlOf } from "./rest.ts";
import { StatusError } from "./status_error.ts";

/** Time for which connections are reused, in milliseconds: the library makes new ones per request, in case of new credentials. */
const reuseMs = 60_000;

/**
 * Makes requests by the client library, which knows all that a kubeconfig may say. Not by its typed calls: they need a
 * description of every Kubernetes type in memory, and loading that takes longer than all the rest.
 */
export function libraryApi(choice: Choice, world: PluginWorld): Api {
  const config = new Config(world);
  config.take(choice);
  const commands = new Exec(config);
  let connections: { dispatcher: Dispatcher | undefined; until: number; credential: unknown } | undefined;
  const prepare = async (request: RestRequest) => {
    const { method, body, signal } = request, url = urlOf(choice.cluster.server, request);
    const context = new RequestContext(url.toString(), HttpMethod[method]);
    signal.throwIfAborted();
    {
      using _abort = onAbort(signal, () => config.plugin.stop());
      await config.applySecurityAuthentication(context);
    }
    signal.throwIfAborted();
    const { credential } = config.plugin;
    if (connections === undefined || performance.now() > connections.until || connections.credential !== credential) {
      connections = { dispatcher: context.getDispatcher(), until: performance.now() + reuseMs, credential };
    }
    const { dispatcher } = connections;
    return {
      url,
      headers: { ...context.getHeaders(), ...headersOf(request) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...defined({ dispatcher }),
    };
  };
  return {
    request: <T>(request: RestRequest) =>
      config.renewing(async (): Promise<T> => {
        const { method, signal } = request, { url, ...options } = await prepare(request);
        const answer = await fetch(url, { method, signal, ...options });
        return objectOf<T>(answer, await answer.text());
      }),
    stream: (request) =>
      config.renewing(async () => {
        const { signal } = request, { url, ...options } = await prepare({ method: "GET", ...request });
        // Not fetch: it hides that a connection broke in the middle of an answer. Timeouts are up to the caller.
        const quiet = { headersTimeout: 0, bodyTimeout: 0 };
        const { statusCode, headers, body } = await requestOf(url, { method: "GET", signal, ...quiet, ...options });
        if (statusCode === 200 && !isPage(headers)) return body;
        throw new StatusError(statusCode, await body.text(), headers);
      }),
    // A retry is safe: no stream is read before it opens.
    exec: ({ namespace, pod, container, command, input, output, errors, onStatus }) =>
      config.renewing(async (): Promise<ExecSocket> => {
        try {
          const words = [...command];
          return await commands.exec(namespace, pod, container, words, output, errors, input, false, onStatus);
        } catch (error) {
          throw refusalOf(error);
        }
      }),
    get plugin() {
      return config.plugin.running;
    },
    stopPlugin: () => config.plugin.stop(),
  };
}
