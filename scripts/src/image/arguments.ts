/** Returns options with full names for a Dockerfile's base images: unlike docker, the others do not expand short names. */
export function fullNames(dockerfile: string): string[] {
  return [...dockerfile.matchAll(/^ARG (DEBIAN|DENO)=(.*)$/gm)].flatMap(([, argument, image]) => [
    "--build-arg",
    `${argument}=docker://${image}`,
  ]);
}

/** Returns an option for a push: a registry on this machine is used without TLS. */
export function tlsOption(reference: string): string {
  return `--tls-verify=${!/^(localhost|127\.0\.0\.1)[:/]/.test(reference)}`;
}
