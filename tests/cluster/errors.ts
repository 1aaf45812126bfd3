/** An error for users: one sentence, and a hint. All other errors are bugs and keep their stacks. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }

  /** The two lines for stderr. */
  text(): string {
    return this.hint === undefined ? `error: ${this.message}\n` : `error: ${this.message}\nhint: ${this.hint}\n`;
  }
}
