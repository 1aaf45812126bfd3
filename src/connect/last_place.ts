/** The container of a manager. */
export interface ManagerPlace {
  namespace: string;
  pod: string;
  container: string;
}

let last: ManagerPlace | undefined;

/** Returns the place of the manager that was connected to last. */
export function lastPlace(): ManagerPlace | undefined {
  return last;
}

export function setLastPlace({ namespace, pod, container }: ManagerPlace): void {
  last = { namespace, pod, container };
}
