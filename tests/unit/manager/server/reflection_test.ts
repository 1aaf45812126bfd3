import assert from "node:assert/strict";
import { create, fromBinary } from "@bufbuild/protobuf";
import type { DescFile, MessageInitShape } from "@bufbuild/protobuf";
import { file_google_protobuf_api, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { file_manager } from "../../../../src/manager/protocol/gen/manager_pb.ts";
import { file_reflection, ServerReflectionRequestSchema } from "../../../../src/manager/protocol/gen/reflection_pb.ts";
import { reflectionOf } from "../../../../src/manager/server/reflection.ts";

type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

/** Returns the answer of a server of these files to one request. */
async function ask(messageRequest: Question | undefined, files: readonly DescFile[] = [file_manager, file_reflection]) {
  const request = create(ServerReflectionRequestSchema, {
    host: "a host",
    ...(messageRequest === undefined ? {} : { messageRequest }),
  });
  const answers = [];
  for await (
    const answer of reflectionOf(files).serverReflectionInfo(async function* () {
      yield request;
    }())
  ) {
    answers.push(answer);
  }
  assert.equal(answers.length, 1);
  const { validHost, originalRequest, messageResponse } = answers[0]!;
  assert.deepEqual([validHost, originalRequest], ["a host", request]);
  return messageResponse!;
}

/** Returns the names of the files in an answer. */
async function filesOf(messageRequest: Question, files?: readonly DescFile[]): Promise<string[]> {
  const { case: what, value } = await ask(messageRequest, files);
  assert.equal(what, "fileDescriptorResponse", JSON.stringify(value));
  const { fileDescriptorProto = [] } = value as { fileDescriptorProto?: Uint8Array[] };
  return fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
}

Deno.test("reflectionOf() lists the services with their packages", async () => {
  assert.deepEqual(await ask({ case: "listServices", value: "" }), {
    case: "listServicesResponse",
    value: { service: [{ name: "scope.v1.Manager" }, { name: "grpc.reflection.v1.ServerReflection" }] },
  });
});

for (
  const symbol of [
    ...["scope.v1.Manager", "scope.v1.Manager.Run", "scope.v1.Start", "scope.v1.Start.argv", "scope.v1.Start.EnvEntry"],
    ...["scope.v1.RunRequest.request", "scope.v1.Namespace", "scope.v1.NAMESPACE_NET"],
    ...["scope.v1.ListFilesRequest.Depth", "scope.v1.ListFilesRequest.TREE"],
  ]
) {
  Deno.test(`reflectionOf() finds the file of ${symbol}`, async () => {
    assert.deepEqual(await filesOf({ case: "fileContainingSymbol", value: symbol }), ["manager.proto"]);
  });
}

Deno.test("reflectionOf() finds files by their names, and itself", async () => {
  assert.deepEqual(await filesOf({ case: "fileByFilename", value: "manager.proto" }), ["manager.proto"]);
  assert.deepEqual(await filesOf({ case: "fileByFilename", value: "reflection.proto" }), ["reflection.proto"]);
  const symbol = "grpc.reflection.v1.ServerReflection";
  assert.deepEqual(await filesOf({ case: "fileContainingSymbol", value: symbol }), ["reflection.proto"]);
});

Deno.test("reflectionOf() sends a whole file: what a client builds of it has every method", async () => {
  const { value } = await ask({ case: "fileContainingSymbol", value: "scope.v1.Manager" });
  const [bytes] = (value as { fileDescriptorProto: Uint8Array[] }).fileDescriptorProto;
  const { service: [manager] } = fromBinary(FileDescriptorProtoSchema, bytes!);
  assert.deepEqual(manager?.method.map(({ name }) => name), file_manager.services[0]!.methods.map(({ name }) => name));
});

Deno.test("reflectionOf() sends what a file imports, and what that imports, each once", async () => {
  const [api, ...imported] = ["api", "source_context", "type", "any"].map((name) => `google/protobuf/${name}.proto`);
  const files = [file_google_protobuf_api];
  assert.deepEqual(await filesOf({ case: "fileContainingSymbol", value: "google.protobuf.Api" }, files), [
    api,
    ...imported,
  ]);
  // Files that are only imported are found as well.
  assert.deepEqual(await filesOf({ case: "fileByFilename", value: imported[2]! }, files), [imported[2]]);
  assert.deepEqual(await filesOf({ case: "fileContainingSymbol", value: "google.protobuf.Any" }, files), [imported[2]]);
});

Deno.test("reflectionOf() knows that nothing extends a message", async () => {
  assert.deepEqual(await ask({ case: "allExtensionNumbersOfType", value: "scope.v1.Start" }), {
    case: "allExtensionNumbersResponse",
    value: { baseTypeName: "scope.v1.Start", extensionNumber: [] },
  });
});

for (
  const [messageRequest, errorMessage] of [
    [{ case: "fileByFilename", value: "other.proto" }, 'there is no file "other.proto"'],
    [{ case: "fileByFilename", value: "manager" }, 'there is no file "manager"'],
    [{ case: "fileContainingSymbol", value: "scope.v1.Nothing" }, 'there is no symbol "scope.v1.Nothing"'],
    [{ case: "fileContainingSymbol", value: "scope.v1" }, 'there is no symbol "scope.v1"'],
    [{ case: "fileContainingSymbol", value: "" }, 'there is no symbol ""'],
    [{ case: "allExtensionNumbersOfType", value: "scope.v1.Manager" }, 'there is no message "scope.v1.Manager"'],
    [
      { case: "fileContainingExtension", value: { containingType: "scope.v1.Start", extensionNumber: 9 } },
      'there is no extension 9 of "scope.v1.Start"',
    ],
  ] as [Question, string][]
) {
  Deno.test(`reflectionOf() says that ${errorMessage}, asked by ${messageRequest.case}`, async () => {
    assert.deepEqual(await ask(messageRequest), { case: "errorResponse", value: { errorCode: 5, errorMessage } });
  });
}

Deno.test("reflectionOf() refuses a request that asks for nothing", async () => {
  const { case: what, value } = await ask(undefined);
  assert.deepEqual([what, (value as { errorCode: number }).errorCode], ["errorResponse", 3]);
});

Deno.test("reflectionOf() answers each request of a stream, in order", async () => {
  const request = (value: string) =>
    create(ServerReflectionRequestSchema, { messageRequest: { case: "fileByFilename", value } });
  const seen = [];
  const requests = async function* () {
    yield* ["manager.proto", "none", "reflection.proto"].map(request);
  };
  for await (
    const { messageResponse } of reflectionOf([file_manager, file_reflection]).serverReflectionInfo(requests())
  ) {
    seen.push(messageResponse?.case);
  }
  assert.deepEqual(seen, ["fileDescriptorResponse", "errorResponse", "fileDescriptorResponse"]);
});
