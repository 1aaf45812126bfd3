/** What a person did not expect: one sentence, and what to try next. Everything else is a bug and keeps its stack. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }

  /** The two lines that are shown on stderr. */
  text(): string {
    return this.hint === undefined ? `error: ${this.message}\n` : `error: ${this.message}\nhint: ${this.hint}\n`;
  }
}
