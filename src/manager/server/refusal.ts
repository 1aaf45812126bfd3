import { Code, ConnectError } from "@connectrpc/connect";
import type { Refusal_Reason as Reason } from "../protocol/gen/manager_pb.ts";
import { Refusal_Reason, RefusalSchema } from "../protocol/gen/manager_pb.ts";

const codes: Readonly<Record<Reason, Code>> = {
  [Refusal_Reason.REASON_UNSPECIFIED]: Code.Unknown,
  [Refusal_Reason.NOT_RUNNING]: Code.NotFound,
  [Refusal_Reason.NO_PROCESS]: Code.NotFound,
  [Refusal_Reason.NO_PROGRAM]: Code.NotFound,
  [Refusal_Reason.NOT_PERMITTED]: Code.PermissionDenied,
  [Refusal_Reason.SILENT_FILE_SYSTEM]: Code.DeadlineExceeded,
  [Refusal_Reason.TOO_MANY_SILENT]: Code.ResourceExhausted,
  [Refusal_Reason.NO_NET_ADMIN]: Code.PermissionDenied,
  [Refusal_Reason.NODE_NETWORK]: Code.FailedPrecondition,
  [Refusal_Reason.NO_PORT]: Code.NotFound,
  [Refusal_Reason.PORT_TAKEN]: Code.AlreadyExists,
  [Refusal_Reason.NO_NF_TABLES]: Code.FailedPrecondition,
  [Refusal_Reason.NFT_FAILED]: Code.Internal,
  [Refusal_Reason.NO_SIDECAR]: Code.NotFound,
  [Refusal_Reason.RULES_UNREADABLE]: Code.FailedPrecondition,
};

/** Returns the error of a refused call, with the reason as data for the client and a message for people. */
export function refusal(reason: keyof typeof Refusal_Reason, message: string): ConnectError {
  const value = Refusal_Reason[reason];
  return new ConnectError(message, codes[value], undefined, [{ desc: RefusalSchema, value: { reason: value } }]);
}

/** Returns the reason of an error of `refusal`; undefined for all other errors. */
export function reasonOf(error: ConnectError): keyof typeof Refusal_Reason | undefined {
  const [detail] = error.findDetails(RefusalSchema);
  return detail === undefined ? undefined : Refusal_Reason[detail.reason] as keyof typeof Refusal_Reason;
}
