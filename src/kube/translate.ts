import type { Access } from "../rights/access.ts";
import { readRefusal } from "../rights/access.ts";
import { ScopeError } from "../errors.ts";
import { pageTitle } from "./web_page.ts";

export interface Denial {
  /** Rights that the request needs, for refusals that do not name them. */
  rights?: readonly Access[];
}

/**
 * Translates an error of the client or the API server into a ScopeError: a refusal, or the reason why there was no answer.
 * `what` completes "Cannot …". See the API conventions of Kubernetes on Status.
 */
export function translate(what: string, error: unknown, denial: Denial = {}): ScopeError {
  if (error instanceof ScopeError) return error;
  const { code, body } = (error ?? {}) as { code?: unknown; body?: unknown };
  if (typeof code !== "number") return unanswered(what, error);
  return foreign(what, code, error as ForeignAnswer) ?? refused(what, code, statusMessage(body), error, denial);
}

/** An answer that may not come from an API server. */
interface ForeignAnswer {
  body?: unknown;
  page?: string | undefined;
  elsewhere?: string | undefined;
}

/** Translates a proxy's answer: a web page, a redirect, or anything else that no API server sends; undefined for others. */
function foreign(what: string, code: number, cause: ForeignAnswer): ScopeError | undefined {
  const { body, page, elsewhere } = cause, text = typeof body === "string" ? body.trim() : "";
  if (code === 400 && /^Upgrade request required/i.test(statusMessage(body))) {
    return new ScopeError("unreachable", 'a proxy before the API server takes "Upgrade" out of requests', {
      task: what,
      cause,
      hint: "let the proxy pass websockets on, or choose a way around it with --context or --kubeconfig",
    });
  }
  // The refusals of an API server are JSON objects.
  if (code >= 400 && text.startsWith("{")) return undefined;
  const leads = elsewhere === undefined ? "" : `, which leads to ${withoutQuery(elsewhere)}`;
  const excerpt = page === undefined ? firstWords(text) : page === "" ? "" : `, titled "${page}"`;
  const named = page !== undefined
    ? `a web page${excerpt}`
    : code <= 400 && excerpt !== ""
    ? `"${excerpt}"`
    : undefined;
  if (named === undefined && leads === "" && code >= 400) return undefined;
  const answer = `what answers is no API server (${code}${named === undefined ? "" : `, ${named}`})`;
  return new ScopeError("unreachable", answer, {
    task: what,
    cause,
    hint: [502, 503, 504].includes(code)
      ? "run it again; the proxy before the cluster does not reach the API server"
      : `log in to the proxy before the cluster, or check the server of --context${leads}`,
  });
}

function firstWords(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 60);
}

/** Removes the query of an address for messages, as it may contain a secret. */
function withoutQuery(address: string): string {
  return address.replace(/[?#].*$/s, "");
}

/** Messages of a webhook or a ValidatingAdmissionPolicy that refuses, with any status code. */
const byPolicy = /admission webhook ".*" denied|ValidatingAdmissionPolicy .* denied/;

function refused(what: string, code: number, message: string, cause: unknown, denial: Denial): ScopeError {
  const violatesPodSecurity = code === 403 && /violates PodSecurity/i.test(message);
  if (byPolicy.test(message) && !violatesPodSecurity) return forbiddenByPolicy(what, cause, message);
  if (code === 401) {
    return new ScopeError("denied", "the credentials are wrong or have expired", {
      task: what,
      cause,
      hint: "log in again, or choose other credentials with --context or --kubeconfig",
    });
  }
  if (code === 403) {
    if (violatesPodSecurity) {
      return new ScopeError("denied", "Pod Security forbids it in this namespace", {
        task: what,
        reason: "podSecurity",
        cause,
        hint: `give --debug-namespace NAME of a namespace that admits privileged pods (${message})`,
      });
    }
    if (/because it is being terminated/.test(message)) {
      const namespace = /in namespace (\S+) because/.exec(message)?.[1];
      return new ScopeError(
        "denied",
        `${namespace === undefined ? "the namespace" : `namespace "${namespace}"`} is being deleted`,
        { task: what, cause, hint: `give --debug-namespace NAME of one that stays (${message})` },
      );
    }
    const limit = limitedBy(message);
    if (limit !== undefined) {
      return new ScopeError("denied", `a ${limit} forbids it`, {
        task: what,
        cause,
        hint: `give --debug-namespace NAME of a namespace with room (${message})`,
      });
    }
    const lacking = readRefusal(message), missing = lacking === undefined ? denial.rights : [lacking];
    // RBAC gives no reason for an exec that lacks "create". A message that is not from RBAC comes from another authorizer or
    // admission plugin, and is the best hint available.
    const reason = /is forbidden:\s*$/.test(message) ? "" : message;
    if (missing === undefined || (lacking === undefined && reason !== "")) {
      return new ScopeError("denied", "you are not allowed to", {
        task: what,
        cause,
        hint: message || "ask for a Role that allows it",
      });
    }
    return new ScopeError("denied", "you are not allowed to", { task: what, cause, missing });
  }
  if (code === 404) {
    return new ScopeError("notFound", message || "not found", {
      task: what,
      cause,
      hint: "check --namespace and --context, and whether it was deleted meanwhile",
    });
  }
  if (code === 400 || code === 422) {
    return new ScopeError("usage", message || "bad request", {
      task: what,
      cause,
      hint: "check the names, labels and --image that were given",
    });
  }
  const { retryAfterMs } = cause as { retryAfterMs?: number };
  return new ScopeError("unreachable", `the API server answered ${code}${message && `, ${message}`}`, {
    task: what,
    cause,
    hint: code === 409
      ? "run it again"
      : retryAfterMs !== undefined
      ? `it asks to wait for ${retryAfterMs / 1000} s: run it again then, or give it longer with --timeout SECONDS`
      : "run it again; kubectl get --raw '/readyz?verbose' says how the API server is",
  });
}

/** Returns the kind of the object that limits a namespace, by the messages of Kubernetes' admission plugins. */
function limitedBy(message: string): string | undefined {
  if (/exceeded quota|must specify limits|must specify requests|failed quota/i.test(message)) return "quota";
  if (/(minimum|maximum) .* usage per |max limit to request ratio per /i.test(message)) return "LimitRange";
  return undefined;
}

function forbiddenByPolicy(what: string, cause: unknown, hint: string): ScopeError {
  return new ScopeError("denied", "a policy of the cluster forbids it", { task: what, cause, hint });
}

function unanswered(what: string, cause: unknown): ScopeError {
  const reasons = reasonsOf(cause);
  const text = reasons.join(" ");
  if (/CERT|certificate|self.signed|issuer/i.test(text)) {
    return new ScopeError("unreachable", "the API server's certificate is not trusted", {
      task: what,
      cause,
      hint: reasons.at(-1) ?? "",
    });
  }
  if (/exec:|executable file|command failed|credential/i.test(text)) {
    return new ScopeError("denied", "the credential plugin failed", {
      task: what,
      cause,
      hint: reasons.at(-1) ?? "",
    });
  }
  return new ScopeError("unreachable", "the API server does not answer", {
    task: what,
    reason: "noAnswer",
    cause,
    hint: `check the cluster and --context (${reasons.at(-1) ?? "no reason given"})`,
  });
}

/** Returns the messages of an error and of its causes, outermost first. */
function reasonsOf(error: unknown): string[] {
  const reasons: string[] = [];
  for (let at = error, depth = 0; at && depth < 8; depth++) {
    const { message, cause, error: inner, errors } = at as Record<string, unknown>;
    if (typeof message === "string" && message !== "") reasons.push(message);
    at = cause ?? inner ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
  return reasons.length > 0 ? reasons : [String(error)];
}

/** Returns the API server's own message in an error or in its causes; empty when there is none. */
export function reasonOf(error: unknown): string {
  for (let at = error, depth = 0; at && depth < 4; at = (at as { cause?: unknown }).cause, depth++) {
    const { body } = at as { body?: unknown };
    if (body !== undefined) return statusMessage(body);
  }
  return "";
}

/** Returns the message of a Status, which the client passes as text or as an object. */
function statusMessage(body: unknown): string {
  let status = body;
  if (typeof status === "string") {
    try {
      status = JSON.parse(status);
    } catch {
      return pageTitle(status as string) ?? (status as string).trim();
    }
  }
  const message = (status as { message?: unknown } | undefined)?.message;
  return typeof message === "string" ? message : "";
}
