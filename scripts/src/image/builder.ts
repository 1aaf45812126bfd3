import { works } from "../../../tests/cluster/packages.ts";
import { Buildah } from "./buildah.ts";
import { docker } from "./docker.ts";
import { podman } from "./podman.ts";

/** A program that builds images. */
export interface Builder {
  /** Builds the image of a directory with a Dockerfile, and saves it as an archive. */
  build(name: string, context: string, archive: string): Promise<void>;
  /** Publishes the image of an archive under another name. */
  push(name: string, archive: string, reference: string): Promise<void>;
}

/** Returns the first of docker, podman and buildah that works. */
export async function findBuilder(pull: boolean): Promise<Builder> {
  if (await works(["docker", "info"])) return docker;
  if (await works(["podman", "info"])) return podman;
  return new Buildah(pull);
}
