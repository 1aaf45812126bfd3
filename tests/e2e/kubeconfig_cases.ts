/** Parts of cases: addresses of servers, and existing files. */
export interface KubeconfigParts {
  tls: string;
  plain: string;
  /** Paths of certificates and keys, and their content as base64. */
  ca: string;
  caData: string;
  otherData: string;
  cert: string;
  certData: string;
  key: string;
  keyData: string;
}

/** Files of a kubeconfig: one for --kubeconfig, several for $KUBECONFIG. `beside` are further files in the same directory. */
export interface KubeconfigCase {
  name: string;
  files: readonly (string | Uint8Array<ArrayBuffer>)[];
  beside?: Readonly<Record<string, string>>;
  /** kubectl refuses the kubeconfig, and so must scope. */
  refused?: true;
}

interface Change {
  cluster?: string;
  user?: string;
  namespace?: string;
  /** Further entries. */
  contexts?: string;
  clusters?: string;
  users?: string;
  current?: string;
  before?: string;
  after?: string;
}

/** Cases that kubectl and scope must read alike. */
export function kubeconfigCases(parts: KubeconfigParts): KubeconfigCase[] {
  const { tls, plain, ca, caData, otherData, cert, certData, key, keyData } = parts;
  const server = `server: https://${tls}, certificate-authority-data: ${caData}`, token = "token: secret";
  const config = (
    { cluster = server, user = token, namespace = "shop", contexts, clusters, users, current = "c", ...more }: Change =
      {},
  ) =>
    [
      more.before ?? "apiVersion: v1\nkind: Config",
      `current-context: ${current}`,
      ...["contexts:", `- {name: c, context: {cluster: k, user: u, namespace: ${namespace}}}`, contexts ?? ""],
      ...["clusters:", `- {name: k, cluster: {${cluster}}}`, clusters ?? ""],
      ...["users:", `- {name: u, user: {${user}}}`, users ?? ""],
      more.after ?? "",
    ].flat().join("\n");
  const one = (name: string, change: Change = {}): KubeconfigCase => ({ name, files: [config(change)] });
  const refused = (name: string, change: Change): KubeconfigCase => ({ ...one(name, change), refused: true });
  const plugin = (script: string, more = "interactiveMode: Never") =>
    `exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: ["-c", ${
      JSON.stringify(script)
    }], ${more}}`;
  const credential = (status: string) =>
    `printf '%s' '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": ${status}}'`;
  const utf16 = (text: string) => {
    const units = new Uint16Array([0xfeff, ...Array.from(text, (letter) => letter.charCodeAt(0))]);
    return new Uint8Array(units.buffer);
  };
  return [
    one("a token"),
    one("a client certificate", { user: `client-certificate-data: ${certData}, client-key-data: ${keyData}` }),
    one("certificates in files", {
      cluster: `server: https://${tls}, certificate-authority: ${ca}`,
      user: `client-certificate: ${cert}, client-key: ${key}`,
    }),
    one("a password", { user: "username: jane, password: secret" }),
    one("impersonation", { user: "token: secret, as: jane" }),
    // Entries that the current context does not use.
    one("another context without a cluster", { contexts: "- {name: dev, context: {namespace: dev}}" }),
    one("another context that is null", { contexts: "- {name: x, context: null}" }),
    one("another context without anything", { contexts: "- {name: x}" }),
    one("another cluster that is null, without a server or without a name", {
      clusters:
        "- {name: a, cluster: null}\n- {name: b, cluster: {insecure-skip-tls-verify: true}}\n- cluster: {server: x}",
    }),
    one("another cluster with rules broken", {
      clusters:
        `- {name: a, cluster: {server: 'https://a', certificate-authority: ${ca}, certificate-authority-data: ${caData}}}`,
    }),
    one("another user that is null, or without a name", { users: "- {name: x, user: null}\n- user: {token: x}" }),
    one("another user with a certificate without a key", {
      users: "- {name: x, user: {client-certificate: /nowhere}}",
    }),
    one("another user with groups", { users: "- {name: x, user: {as: me, as-groups: [a]}}" }),
    one("fields that nobody knows", { after: "colour: blue\npreferences: {colors: true}\nextensions: []" }),
    refused("another cluster whose server is a number", { clusters: "- {name: a, cluster: {server: 1}}" }),
    refused("another cluster whose data is not base64", {
      clusters: "- {name: a, cluster: {server: 'https://a', certificate-authority-data: '!'}}",
    }),
    refused("another user whose token is a number", { users: "- {name: x, user: {token: 12345}}" }),
    refused("two clusters of one name", { clusters: "- {name: k, cluster: {server: 'https://other'}}" }),
    refused("two users of one name", { users: "- {name: u, user: {token: x}}" }),
    refused("two contexts of one name", { contexts: "- {name: c, context: {cluster: k, user: u}}" }),
    // The form of the file.
    one("a key that is given twice", { after: "current-context: c" }),
    one("a key that is given twice in an entry", { cluster: `server: https://wrong, ${server}` }),
    one("several documents", { after: "---\ncurrent-context: other\nkind: Other" }),
    one("several documents, of which the second is broken", { after: "---\n{" }),
    { name: "an empty document first", files: [`---\n---\n${config()}`], refused: true },
    {
      name: "JSON",
      files: [JSON.stringify({
        "current-context": "c",
        contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
        clusters: [{ name: "k", cluster: { server: `https://${tls}/`, "certificate-authority-data": caData } }],
        users: [{ name: "u", user: { token: "secret" } }],
      })],
    },
    { name: "a byte order mark", files: [`\ufeff${config()}`] },
    { name: "UTF-16", files: [utf16(config())] },
    { name: "lines that end as those of Windows", files: [config().replaceAll("\n", "\r\n")] },
    one("anchors and merged maps", {
      before: `x: &base {server: 'https://${tls}'}`,
      cluster: `<<: *base, certificate-authority-data: ${caData}`,
    }),
    one("neither apiVersion nor kind", { before: "" }),
    one("a date as a token", { user: "token: 2026-01-02" }),
    refused("one letter that means yes", { contexts: "- {name: x, context: {cluster: y, user: n}}" }),
    refused("yes as a namespace", { namespace: "yes" }),
    refused("a number as a namespace", { namespace: "1234" }),
    refused("another apiVersion", { before: "apiVersion: v2\nkind: Config" }),
    refused("another kind", { before: "apiVersion: v1\nkind: Pod" }),
    refused("insecure-skip-tls-verify as a text", {
      cluster: `server: https://${tls}, insecure-skip-tls-verify: 'true'`,
    }),
    { name: "broken YAML", files: [`${config()}\n  - {`], refused: true },
    { name: "a list", files: ["- a\n- b\n"], refused: true },
    { name: "an empty file", files: [""], refused: true },
    // Addresses.
    one("a server with a path", { cluster: `${server.replace(tls, `${tls}/k8s/clusters/c-1/`)}` }),
    one("a server with two slashes at its end", { cluster: `${server.replace(tls, `${tls}//`)}` }),
    one("a server with slashes in its path", { cluster: `${server.replace(tls, `${tls}//a///b//`)}` }),
    one("a server with a query", {
      cluster: `server: 'https://${tls}/p?q=1#f', certificate-authority-data: ${caData}`,
    }),
    one("a server in capitals", { cluster: `${server.replace("https", "HTTPS")}` }),
    one("a server without a scheme", { cluster: `server: ${plain}` }),
    one("a server of a name without a scheme", { cluster: `server: ${plain.replace("127.0.0.1", "localhost")}` }),
    one("a server without a scheme, with a slash", { cluster: `server: ${plain}/` }),
    refused("a server without a scheme, with a path", { cluster: `server: ${plain}/path` }),
    refused("a server with TLS without a scheme", { cluster: `server: ${tls}, certificate-authority-data: ${caData}` }),
    refused("a server of another scheme", { cluster: `server: ftp://${plain}` }),
    refused("a server with a space", { cluster: `server: 'https://${tls} '` }),
    refused("a port that is none", { cluster: "server: https://127.0.0.1:port" }),
    one("a server without TLS: credentials stay here", {
      cluster: `server: http://${plain}`,
      user: "token: secret, as: jane",
    }),
    one("a server without TLS, with a certificate", {
      cluster: `server: http://${plain}, certificate-authority-data: ${caData}, insecure-skip-tls-verify: true`,
      user: `client-certificate-data: ${certData}, client-key-data: ${keyData}`,
    }),
    // Trust.
    one("insecure-skip-tls-verify", { cluster: `server: https://${tls}, insecure-skip-tls-verify: true` }),
    refused("an authority and insecure-skip-tls-verify", { cluster: `${server}, insecure-skip-tls-verify: true` }),
    refused("an authority in a file and insecure-skip-tls-verify", {
      cluster: `server: https://${tls}, certificate-authority: ${ca}, insecure-skip-tls-verify: true`,
    }),
    refused("two authorities", { cluster: `${server}, certificate-authority: ${ca}` }),
    refused("an authority that is not there", { cluster: `server: https://${tls}, certificate-authority: /nowhere` }),
    refused("another authority", { cluster: `server: https://${tls}, certificate-authority-data: ${otherData}` }),
    refused("no authority", { cluster: `server: https://${tls}` }),
    refused("an authority that is no certificate", {
      cluster: `server: https://${tls}, certificate-authority-data: ${btoa("none")}`,
    }),
    one("the server's name said", { cluster: `${server}, tls-server-name: localhost` }),
    refused("another name of the server", { cluster: `${server}, tls-server-name: other` }),
    refused("a proxy of another scheme", { cluster: `${server}, proxy-url: 'ftp://127.0.0.1:1'` }),
    // Users.
    refused("a token and a password", { user: "token: secret, username: jane, password: x" }),
    one("a token and a certificate", {
      user: `token: secret, client-certificate-data: ${certData}, client-key-data: ${keyData}`,
    }),
    refused("a certificate without a key", { user: `client-certificate-data: ${certData}` }),
    refused("two certificates", {
      user: `client-certificate-data: ${certData}, client-certificate: ${cert}, client-key-data: ${keyData}`,
    }),
    refused("two keys", {
      user: `client-certificate-data: ${certData}, client-key: ${key}, client-key-data: ${keyData}`,
    }),
    refused("a certificate that is not there", { user: `client-certificate: /nowhere, client-key: ${key}` }),
    refused("groups without a user", { user: "token: secret, as-groups: [a]" }),
    { ...one("a token in a file beside it", { user: "tokenFile: sub/token" }), beside: { "sub/token": "filed\n" } },
    {
      ...one("a token in a file before another", { user: "tokenFile: token, token: older" }),
      beside: { token: "filed" },
    },
    one("a token where its file is not there", { user: "tokenFile: nowhere, token: older" }),
    refused("a token's file that is not there", { user: "tokenFile: nowhere" }),
    // Plugins.
    one("a plugin", { user: plugin(credential('{"token": "asked"}')) }),
    one("a plugin with a byte order mark", {
      user: plugin(`printf '\\357\\273\\277'; ${credential('{"token": "asked"}')}`),
    }),
    one("a plugin that writes YAML", {
      user: plugin(
        "printf 'apiVersion: client.authentication.k8s.io/v1\\nkind: ExecCredential\\nstatus:\\n  token: asked\\n'",
      ),
    }),
    {
      ...one("a plugin beside it", {
        user: "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./plugin}",
      }),
      beside: { plugin: `#!/bin/sh\n${credential('{"token": "asked"}').replace("io/v1", "io/v1beta1")}\n` },
    },
    refused("a plugin that is not installed", {
      user: plugin("true").replace("command: sh", "command: no-such-plugin"),
    }),
    refused("a plugin without interactiveMode", { user: plugin(credential('{"token": "asked"}'), "") }),
    refused("a plugin that does not say its version", { user: "exec: {command: sh}" }),
    refused("a plugin without a command", {
      user: "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}",
    }),
    refused("a plugin that needs a terminal", {
      user: plugin(credential('{"token": "asked"}'), "interactiveMode: Always"),
    }),
    refused("a plugin that prints nothing", { user: plugin("true") }),
    refused("a plugin of an unknown version", {
      user: "exec: {apiVersion: client.authentication.k8s.io/v2, command: sh, interactiveMode: Never}",
    }),
    // Entries that the context names.
    one("no namespace", { namespace: "" }),
    refused("no current context", { current: "" }),
    refused("a current context that is not there", { current: "gone" }),
    refused("a context without a cluster", {
      current: "d",
      contexts: "- {name: d, context: {user: u, namespace: dev}}",
    }),
    refused("a context whose cluster is not there", {
      current: "d",
      contexts: "- {name: d, context: {cluster: x, user: u}}",
    }),
    refused("a cluster without a server", { cluster: `certificate-authority-data: ${caData}` }),
    // Several files.
    {
      name: "several files, of which the first is right",
      files: [
        config({ user: "token: first" }).replace("current-context: c", ""),
        config({ user: "token: second", namespace: "other" }),
      ],
    },
    { name: "several files, one of them empty", files: ["", config()] },
    { name: "several files, one of them broken", files: [config(), "{"], refused: true },
  ];
}
