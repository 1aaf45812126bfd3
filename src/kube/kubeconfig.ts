import { booleanOf, dataOf, type Fields, listOf, objectOf, stringsOf, textsOf } from "./fields.ts";
import { parseYaml } from "./yaml.ts";

/** A kubeconfig file; relative paths in it are relative to its directory. */
export interface ConfigFile {
  path: string;
  text: string;
}

export interface ContextEntry {
  cluster: string;
  user: string;
  namespace: string;
}

/** Values missing in a file are empty. Data is base64 of PEM, and paths are absolute. */
export interface ClusterEntry {
  server: string;
  "certificate-authority": string;
  "certificate-authority-data": string;
  "insecure-skip-tls-verify": boolean;
  "tls-server-name": string;
  "proxy-url": string;
}

export interface UserEntry {
  "client-certificate": string;
  "client-certificate-data": string;
  "client-key": string;
  "client-key-data": string;
  token: string;
  tokenFile: string;
  username: string;
  password: string;
  as: string;
  "as-uid": string;
  "as-groups": string[];
  "as-user-extra": Record<string, string[]>;
  exec: ExecEntry | undefined;
  "auth-provider": { name: string; config: Record<string, string> } | undefined;
}

/** A credential plugin. */
export interface ExecEntry {
  apiVersion: string;
  command: string;
  args: string[];
  env: { name: string; value: string }[];
  provideClusterInfo: boolean;
  interactiveMode: string;
  installHint: string;
}

/** The merged files of a kubeconfig. */
export interface Kubeconfig {
  current: string;
  contexts: ReadonlyMap<string, ContextEntry>;
  clusters: ReadonlyMap<string, ClusterEntry>;
  users: ReadonlyMap<string, UserEntry>;
}

/**
 * Reads and merges files as kubectl does (client-go's clientcmd): the first file that defines an entry wins. A value of the
 * wrong type is an error anywhere; a missing value is an error only when its entry is used.
 *
 * Throws Error that names the mistake.
 */
export function readKubeconfig(files: readonly ConfigFile[]): Kubeconfig {
  const read = files.map((file) => {
    try {
      return readFile(file);
    } catch (error) {
      throw new Error(`${file.path}: ${(error as Error).message}`);
    }
  });
  const first = <T>(maps: ReadonlyMap<string, T>[]) => new Map(maps.toReversed().flatMap((map) => [...map]));
  return {
    current: read.map(({ current }) => current).find((name) => name !== "") ?? "",
    contexts: first(read.map(({ contexts }) => contexts)),
    clusters: first(read.map(({ clusters }) => clusters)),
    users: first(read.map(({ users }) => users)),
  };
}

function readFile({ path, text }: ConfigFile): Kubeconfig {
  const directory = path.includes("/") ? path.replace(/\/[^/]*$/, "") : ".";
  const root = objectOf("the file", parseYaml(text)), string = stringsOf("", root);
  const version = string("apiVersion"), kind = string("kind");
  if (version !== "" && version !== "v1") throw new Error(`apiVersion is "${version}", not "v1"`);
  if (kind !== "" && kind !== "Config") throw new Error(`kind is "${kind}", not "Config"`);
  return {
    current: string("current-context"),
    contexts: named("contexts", "context", root, readContext),
    clusters: named("clusters", "cluster", root, (at, fields) => readCluster(at, fields, directory)),
    users: named("users", "user", root, (at, fields) => readUser(at, fields, directory)),
  };
}

function readContext(at: string, fields: Fields): ContextEntry {
  const string = stringsOf(at, fields);
  return { cluster: string("cluster"), user: string("user"), namespace: string("namespace") };
}

function readCluster(at: string, fields: Fields, directory: string): ClusterEntry {
  const string = stringsOf(at, fields);
  booleanOf(at, fields, "disable-compression");
  return {
    server: string("server"),
    "certificate-authority": absolute(directory, string("certificate-authority")),
    "certificate-authority-data": dataOf(at, fields, "certificate-authority-data"),
    "insecure-skip-tls-verify": booleanOf(at, fields, "insecure-skip-tls-verify"),
    "tls-server-name": string("tls-server-name"),
    "proxy-url": string("proxy-url"),
  };
}

function readUser(at: string, fields: Fields, directory: string): UserEntry {
  const string = stringsOf(at, fields), path = (key: string) => absolute(directory, string(key));
  const extra = Object.entries(objectOf(`${at}.as-user-extra`, fields["as-user-extra"]));
  const provider = fields["auth-provider"], exec = fields.exec;
  return {
    "client-certificate": path("client-certificate"),
    "client-certificate-data": dataOf(at, fields, "client-certificate-data"),
    "client-key": path("client-key"),
    "client-key-data": dataOf(at, fields, "client-key-data"),
    token: string("token"),
    tokenFile: path("tokenFile"),
    username: string("username"),
    password: string("password"),
    as: string("as"),
    "as-uid": string("as-uid"),
    "as-groups": textsOf(`${at}.as-groups`, fields["as-groups"]),
    "as-user-extra": Object.fromEntries(
      extra.map(([key, value]) => [key, textsOf(`${at}.as-user-extra.${key}`, value)]),
    ),
    exec: exec === undefined || exec === null ? undefined : readExec(`${at}.exec`, exec, directory),
    "auth-provider": provider === undefined || provider === null
      ? undefined
      : readProvider(`${at}.auth-provider`, provider),
  };
}

function readExec(at: string, value: unknown, directory: string): ExecEntry {
  const fields = objectOf(at, value), string = stringsOf(at, fields);
  const apiVersion = string("apiVersion"), command = string("command");
  return {
    apiVersion,
    // A command with a slash is relative to the file's directory; one without is looked up in $PATH.
    command: command.includes("/") ? absolute(directory, command) : command,
    args: textsOf(`${at}.args`, fields.args),
    env: listOf(`${at}.env`, fields.env).map((one, index) => {
      const string = stringsOf(`${at}.env[${index}]`, objectOf(`${at}.env[${index}]`, one));
      return { name: string("name"), value: string("value") };
    }),
    provideClusterInfo: booleanOf(at, fields, "provideClusterInfo"),
    // Optional in versions before v1.
    interactiveMode: string("interactiveMode") || (/\/v1(alpha|beta)1$/.test(apiVersion) ? "IfAvailable" : ""),
    installHint: string("installHint"),
  };
}

function readProvider(at: string, value: unknown) {
  const fields = objectOf(at, value), config = objectOf(`${at}.config`, fields.config);
  const string = stringsOf(`${at}.config`, config);
  return {
    name: stringsOf(at, fields)("name"),
    config: Object.fromEntries(Object.keys(config).map((key) => [key, string(key)])),
  };
}

/** Returns the entries of a list by their names, which must be unique. */
function named<T>(list: string, key: string, root: Fields, read: (at: string, fields: Fields) => T): Map<string, T> {
  const found = new Map<string, T>();
  for (const [index, value] of listOf(list, root[list]).entries()) {
    const at = `${list}[${index}]`, entry = objectOf(at, value), name = stringsOf(at, entry)("name");
    if (found.has(name)) throw new Error(`${list} has two entries named "${name}"`);
    found.set(name, read(`${at}.${key}`, objectOf(`${at}.${key}`, entry[key])));
  }
  return found;
}

function absolute(directory: string, path: string): string {
  return path === "" || path.startsWith("/") ? path : `${directory}/${path}`;
}
