import { buildGoPrograms } from "./go_programs.ts";

/** The path of the real grpcurl, of the version in its go.mod. */
export async function buildGrpcurl(): Promise<string> {
  return `${await buildGoPrograms("grpcurl")}/grpcurl`;
}
