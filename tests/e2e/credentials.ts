import { readConfig, request } from "./api.ts";
import { kubectl, type TestNamespace } from "./kube.ts";

/** A temporary kubeconfig of a test; disposing removes it. */
export class Kubeconfig implements AsyncDisposable {
  private constructor(readonly path: string) {}

  /** Copies the kubeconfig of $KUBECONFIG with another server or user: a token, or a plugin that returns one. */
  static async make(change: { server?: string; token?: string; exec?: string[] }): Promise<Kubeconfig> {
    const config = readConfig();
    if (change.server !== undefined) config.clusters[0].cluster.server = change.server;
    if (change.token !== undefined) config.users[0].user = { token: change.token };
    if (change.exec !== undefined) {
      const [command, ...args] = change.exec;
      const apiVersion = "client.authentication.k8s.io/v1";
      config.users[0].user = { exec: { apiVersion, command, args, interactiveMode: "Never" } };
    }
    const made = new Kubeconfig(await Deno.makeTempFile({ prefix: "scope-kubeconfig-" }));
    await Deno.writeTextFile(made.path, JSON.stringify(config));
    return made;
  }

  /** Makes the kubeconfig of a service account with just these rules in its namespace. */
  static async ofAccount(own: TestNamespace, name: string, rules: readonly Rule[]): Promise<Kubeconfig> {
    const token = await makeServiceAccount(own, name);
    if (rules.length > 0) {
      const metadata = { name, namespace: own.name };
      const group = "rbac.authorization.k8s.io";
      await kubectl(["create"], { apiVersion: `${group}/v1`, kind: "Role", metadata, rules });
      await kubectl([
        "-n",
        own.name,
        "create",
        "rolebinding",
        name,
        `--role=${name}`,
        `--serviceaccount=${own.name}:${name}`,
      ]);
    }
    return await Kubeconfig.make({ token });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path);
  }
}

/** Makes a service account; returns a token of it. */
export async function makeServiceAccount(own: TestNamespace, name: string): Promise<string> {
  const accounts = `/api/v1/namespaces/${own.name}/serviceaccounts`;
  await request("POST", accounts, { metadata: { name } });
  return (await request<{ status: { token: string } }>("POST", `${accounts}/${name}/token`, {})).status.token;
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}
