/** The text as one word of a POSIX shell. */
export function quote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Lines for `eval` that point a shell to the cluster and to its kubectl. */
export function exportLines(kubeconfig: string, bin: string): string {
  return `export KUBECONFIG=${quote(kubeconfig)}\nexport PATH=${quote(bin)}:"$PATH"\n`;
}
