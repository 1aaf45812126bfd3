/** Credentials of a client; certificates and key are PEM texts. */
export interface SignIn {
  readonly server: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Returns a self-contained kubeconfig, so that the file may be copied. */
export function kubeconfig(name: string, signIn: SignIn): Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: signIn.server, "certificate-authority-data": btoa(signIn.authority) } }],
    users: [{
      name,
      user: { "client-certificate-data": btoa(signIn.certificate), "client-key-data": btoa(signIn.key) },
    }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
}
