import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { ScopeError } from "../errors.ts";
import { textOf } from "./config_text.ts";
import { type ConfigFile, type Kubeconfig, readKubeconfig } from "./kubeconfig.ts";
import { type Choice, chooseContext, type Lack } from "./kubeconfig_choice.ts";
import { kubeconfigPaths, type KubeconfigPlace } from "./kubeconfig_paths.ts";
import { podChoice, tokenOfPod } from "./pod_choice.ts";

/** Options and environment that determine the kubeconfig and context. */
export interface Places extends KubeconfigPlace {
  context?: string;
}

/**
 * Finds a context as kubectl does: in the file given, else in the merged files of $KUBECONFIG, else in ~/.kube/config. Returns
 * that of the pod's service account when no current context is set and this program runs in a pod, and undefined when there is
 * no kubeconfig.
 *
 * Throws ScopeError: unreachable when it cannot be read or has no cluster to ask, notFound when there is no such context or file.
 */
export function findContext(places: Places): Choice | undefined {
  const { kubeconfig, context, env = {} } = places, { paths, byDefault } = kubeconfigPaths(places);
  const inPod = env.KUBERNETES_SERVICE_HOST && env.KUBERNETES_SERVICE_PORT && existsSync(tokenOfPod);
  const read = reading(kubeconfig, () => {
    const found = readFiles(paths, kubeconfig !== undefined || (!byDefault && !inPod));
    return found.length === 0 ? undefined : readKubeconfig(found);
  });
  if (kubeconfig === undefined && context === undefined && inPod && !read?.current) return podChoice(env);
  if (read === undefined) return undefined;
  if (context !== undefined && !read.contexts.has(context)) {
    throw new ScopeError("notFound", `Cannot find the context "${context}" in the kubeconfig`, {
      hint: contextsOf(read),
    });
  }
  const choice = reading(undefined, () => chooseContext(read, context));
  if (!("lacks" in choice)) {
    reading(undefined, () => assertReadable(choice));
    assertKnown(choice);
    return choice;
  }
  throw new ScopeError("unreachable", lackText(choice), {
    task: "find a cluster",
    reason: "noCluster",
    hint: `give --context NAME or --kubeconfig FILE; ${contextsOf(read)}`,
  });
}

function reading<T>(kubeconfig: string | undefined, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (kubeconfig !== undefined && (error as { code?: string }).code === "ENOENT") {
      throw new ScopeError("notFound", `Cannot find the kubeconfig "${kubeconfig}"`, { cause: error });
    }
    throw new ScopeError("unreachable", "Cannot read the kubeconfig", {
      cause: error,
      hint: error instanceof Error ? error.message : String(error),
    });
  }
}

/** Reads the files that exist; throws when none exists and `wanted` is set. */
function readFiles(paths: readonly string[], wanted: boolean): ConfigFile[] {
  const files: ConfigFile[] = [];
  let missing: unknown;
  for (const path of paths) {
    try {
      files.push({ path, text: textOf(readFileSync(path)) });
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
      missing = error;
    }
  }
  if (files.length === 0 && wanted && missing !== undefined) throw missing;
  return files;
}

/** Throws when a certificate or key cannot be read: later it would look like a failure of the connection. */
function assertReadable({ cluster, user }: Choice): void {
  for (const path of [cluster["certificate-authority"], user["client-certificate"], user["client-key"]]) {
    if (path) accessSync(path, constants.R_OK);
  }
}

/** Throws for impersonation that is supported only in part: with other groups, the user would have other rights. */
function assertKnown({ user, userName }: Choice): void {
  const unknown = user.as
    ? (["as-groups", "as-uid", "as-user-extra"] as const).find((key) => Object.keys(user[key] ?? "").length > 0)
    : undefined;
  if (unknown === undefined) return;
  const message = `Cannot act as the kubeconfig's user "${userName}" says: "${unknown}" is not supported`;
  throw new ScopeError("unreachable", message, { hint: "choose another user or context with --context" });
}

function contextsOf({ contexts }: Kubeconfig): string {
  return contexts.size === 0 ? "the kubeconfig has no contexts" : `it has ${[...contexts.keys()].join(", ")}`;
}

function lackText({ lacks, context, cluster }: Lack): string {
  switch (lacks) {
    case "current":
      return "the kubeconfig has no current context";
    case "context":
      return `the kubeconfig has no context "${context}", which it says is the current one`;
    case "cluster":
      return cluster === ""
        ? `the kubeconfig's context "${context}" names no cluster`
        : `the kubeconfig has no cluster "${cluster}", which its context "${context}" names`;
    case "server":
      return `the kubeconfig's cluster "${cluster}" has no server`;
  }
}
