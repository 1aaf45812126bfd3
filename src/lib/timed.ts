/** Every event has a time. */
export interface Timed {
  /**
   * Time of the observation.
   *
   * @format date-time
   */
  time: string;
}

/** Returns the current time as a time stamp for events. */
export function now(): string {
  return new Date().toISOString();
}
