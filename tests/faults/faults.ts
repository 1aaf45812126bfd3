import { clientFaults } from "./client_faults.ts";
import type { Fault } from "./fault.ts";
import { managerFaults } from "./manager_faults.ts";
import { podFaults } from "./pod_faults.ts";
import { networkFaults } from "./network_faults.ts";
import { ruleFaults } from "./rule_faults.ts";

/** All faults. */
export const faults: readonly Fault[] = [
  ...clientFaults,
  ...managerFaults,
  ...networkFaults,
  ...podFaults,
  ...ruleFaults,
];
