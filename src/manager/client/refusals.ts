import { ConnectError } from "@connectrpc/connect";
import { Refusal_Reason, RefusalSchema } from "../protocol/gen/manager_pb.ts";

/** Why a manager refuses a call. */
export type RefusalReason = Exclude<keyof typeof Refusal_Reason, "REASON_UNSPECIFIED">;

/** A call that the manager refused. */
export interface Refusal {
  reason: RefusalReason;
  /** For people, without a final period. */
  message: string;
}

/** Returns why the manager refused a call; undefined for all other errors. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const [detail] = error.findDetails(RefusalSchema), reason = detail && Refusal_Reason[detail.reason];
  return reason === undefined ? undefined : { reason: reason as RefusalReason, message: error.rawMessage };
}

/** Returns the words of an error of a call, without the name of its gRPC code. */
export function messageOf(error: unknown): string {
  return error instanceof ConnectError ? error.rawMessage : error instanceof Error ? error.message : String(error);
}
