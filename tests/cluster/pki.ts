import { kubeconfig } from "./kubeconfig.ts";
import type { Plan } from "./plan.ts";
import { run } from "./processes.ts";

/** A certificate to issue. */
export interface Certificate {
  readonly name: string;
  /** Subject in openssl's format: `/O=group/CN=user`. */
  readonly subject: string;
  readonly alternatives?: readonly string[];
  /** Server in the kubeconfig that is made with the certificate; undefined: no kubeconfig. */
  readonly server?: string;
}

/** Returns all certificates of a cluster. */
export function certificates(plan: Plan): Certificate[] {
  const { server } = plan;
  return [
    {
      name: "apiserver",
      subject: "/CN=kube-apiserver",
      alternatives: [
        "DNS:localhost",
        "DNS:kubernetes.default.svc",
        "IP:127.0.0.1",
        `IP:${plan.gateway4}`,
        `IP:${plan.apiService}`,
      ],
    },
    { name: "kubelet-client", subject: "/O=system:masters/CN=apiserver-kubelet-client" },
    { name: "admin", subject: "/O=system:masters/CN=admin", server },
    { name: "controller-manager", subject: "/CN=system:kube-controller-manager", server },
    { name: "scheduler", subject: "/CN=system:kube-scheduler", server },
    // Not the node's own certificate, because a node may not list EndpointSlices.
    { name: "proxy", subject: "/CN=system:kube-proxy", server },
    ...plan.nodes.map((node) => ({
      name: node.name,
      subject: `/O=system:nodes/CN=system:node:${node.name}`,
      alternatives: [`DNS:${node.name}`, `IP:${node.address4}`, `IP:${node.address6}`],
      server,
    })),
  ];
}

/** Returns the openssl configuration for a certificate's extensions. */
export function opensslConfig(certificate: Pick<Certificate, "name" | "alternatives"> | "authority"): string {
  const extensions = certificate === "authority"
    ? ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,digitalSignature"]
    : [
      "basicConstraints=critical,CA:FALSE",
      "keyUsage=critical,digitalSignature",
      "extendedKeyUsage=serverAuth,clientAuth",
      `subjectAltName=${(certificate.alternatives ?? [`DNS:${certificate.name}`]).join(",")}`,
    ];
  return ["[req]", "distinguished_name=name", "x509_extensions=extensions", "[name]", "[extensions]", ...extensions, ""]
    .join("\n");
}

/** Issues all certificates into `directory`: NAME.crt, NAME.key, NAME.kubeconfig, ca.crt and service-account.key. */
export async function issue(plan: Plan, directory: string, signal: AbortSignal): Promise<void> {
  const file = (name: string) => `${directory}/${name}`;
  const request = async (name: string, subject: string, config: string, signer: string[]) => {
    await Deno.writeTextFile(file(`${name}.cnf`), config);
    await run([
      ...["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-days", "365", "-subj", subject, "-config", file(`${name}.cnf`)],
      ...["-keyout", file(`${name}.key`), "-out", file(`${name}.crt`), ...signer],
    ], { signal });
  };

  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  await request("ca", "/CN=scope-test-cluster", opensslConfig("authority"), []);
  const authority = await Deno.readTextFile(file("ca.crt"));
  const signer = ["-CA", file("ca.crt"), "-CAkey", file("ca.key")];
  await Promise.all([
    // Not `genpkey`: the API server finds no public key in its format (PKCS 8).
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file("service-account.key")], {
      signal,
    }),
    ...certificates(plan).map(async (certificate) => {
      await request(certificate.name, certificate.subject, opensslConfig(certificate), signer);
      if (certificate.server === undefined) return;
      const config = kubeconfig(plan.bridge, {
        server: certificate.server,
        authority,
        certificate: await Deno.readTextFile(file(`${certificate.name}.crt`)),
        key: await Deno.readTextFile(file(`${certificate.name}.key`)),
      });
      await Deno.writeTextFile(file(`${certificate.name}.kubeconfig`), JSON.stringify(config, null, 2), {
        mode: 0o600,
      });
    }),
  ]);
}
