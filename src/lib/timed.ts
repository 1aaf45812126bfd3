/** Every event has a time. */
export interface Timed {
  /**
   * When it was seen.
   *
   * @format date-time
   */
  time: string;
}

/** The time stamp of an event that happens now. */
export function now(): string {
  return new Date().toISOString();
}
