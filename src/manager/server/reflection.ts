import { toBinary } from "@bufbuild/protobuf";
import type { DescFile, MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { DescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ServerReflectionRequest, ServerReflectionResponseSchema } from "../protocol/gen/reflection_pb.ts";

type Response = MessageInitShape<typeof ServerReflectionResponseSchema>;
type Answer = NonNullable<Response["messageResponse"]>;

/** The server reflection service, for clients without the proto files. */
export interface Reflection {
  serverReflectionInfo(requests: AsyncIterable<ServerReflectionRequest>): AsyncIterable<Response>;
}

/** Implements server reflection, version 1, for the services in these files. See reflection.proto. */
export function reflectionOf(served: readonly DescFile[]): Reflection {
  const files = withImports(served);
  const services = served.flatMap((file) => file.services).map(({ typeName }) => ({ name: typeName }));
  const symbols = new Map<string, DescFile>(), messages = new Set<string>();
  for (const file of files) for (const name of symbolsOf(file, messages)) symbols.set(name, file);

  const answer = ({ messageRequest: { case: what, value } }: ServerReflectionRequest): Answer => {
    switch (what) {
      case "listServices":
        return { case: "listServicesResponse", value: { service: services } };
      case "fileByFilename":
        return found(files.find((file) => file.proto.name === value), `file "${value}"`);
      case "fileContainingSymbol":
        return found(symbols.get(value), `symbol "${value}"`);
      case "allExtensionNumbersOfType":
        // No file here extends a message.
        return messages.has(value)
          ? { case: "allExtensionNumbersResponse", value: { baseTypeName: value, extensionNumber: [] } }
          : found(undefined, `message "${value}"`);
      case "fileContainingExtension":
        return found(undefined, `extension ${value.extensionNumber} of "${value.containingType}"`);
      default:
        return failure(Code.InvalidArgument, "the request asks for nothing that is known here");
    }
  };
  return {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: answer(request) };
      }
    },
  };
}

/** Answers with a file and all its imports, without which a client cannot use it. */
function found(file: DescFile | undefined, what: string): Answer {
  if (file === undefined) return failure(Code.NotFound, `there is no ${what}`);
  const fileDescriptorProto = withImports([file]).map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function failure(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}

/** Returns these files and all that they import, each once. */
function withImports(files: readonly DescFile[]): DescFile[] {
  const all = new Map(files.map((file) => [file.name, file]));
  for (const file of all.values()) for (const imported of file.dependencies) all.set(imported.name, imported);
  return [...all.values()];
}

/**
 * Yields every name that a file declares, with its package; adds the names of messages to `messages`, too. Reads the
 * descriptors, because protobuf-es's own view lacks the entries of maps.
 */
function* symbolsOf({ proto }: DescFile, messages: Set<string>): Iterable<string> {
  const scope = proto.package === "" ? "" : `${proto.package}.`;
  for (const message of proto.messageType) yield* ofMessage(scope, message, messages);
  yield* ofParts(scope, proto);
  for (const { name, method } of proto.service) {
    yield `${scope}${name}`;
    for (const { name: methodName } of method) yield `${scope}${name}.${methodName}`;
  }
}

function* ofMessage(scope: string, message: DescriptorProto, messages: Set<string>): Iterable<string> {
  const name = `${scope}${message.name}`;
  messages.add(name);
  yield name;
  for (const part of [...message.field, ...message.oneofDecl]) yield `${name}.${part.name}`;
  for (const nested of message.nestedType) yield* ofMessage(`${name}.`, nested, messages);
  yield* ofParts(`${name}.`, message);
}

/** Yields the enums and extensions of a file or message. The values of an enum are siblings of the enum, as in C++. */
function* ofParts(scope: string, { enumType, extension }: DescriptorProto | FileDescriptorProto): Iterable<string> {
  for (const { name, value } of enumType) for (const one of [{ name }, ...value]) yield `${scope}${one.name}`;
  for (const { name } of extension) yield `${scope}${name}`;
}
