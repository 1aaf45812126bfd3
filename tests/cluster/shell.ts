/** Quotes a text as one word of a POSIX shell. */
export function quote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Returns lines for `eval` that set a shell's environment for the cluster and its kubectl. */
export function exportLines(kubeconfig: string, bin: string): string {
  return `export KUBECONFIG=${quote(kubeconfig)}\nexport PATH=${quote(bin)}:"$PATH"\n`;
}
