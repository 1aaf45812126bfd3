import { buildGoPrograms } from "./go_programs.ts";

/** Builds the real grpcurl, in the version of its go.mod, and returns its path. */
export async function buildGrpcurl(): Promise<string> {
  return `${await buildGoPrograms("grpcurl")}/grpcurl`;
}
