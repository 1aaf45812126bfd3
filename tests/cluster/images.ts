import { createHash } from "node:crypto";
import { buildKey } from "./build.ts";
import { run } from "./processes.ts";

/** An image with one layer: a few files and symlinks, and its start command. */
export interface Recipe {
  readonly name: string;
  /** Path on the host by path in the image; all are executable. */
  readonly programs: Readonly<Record<string, string>>;
  /** Text by path in the image. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Target by path of the symlink. */
  readonly links?: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
  readonly config: {
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Env: readonly string[];
  };
}

export const PAUSE_IMAGE = "localhost/pause:1";

const ENV = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];

/** Returns symlinks for the applets that `busybox --list-full` prints, except `busybox`, which would point at itself. */
export function appletLinks(listing: string): Record<string, string> {
  const applets = listing.split("\n").filter((path) => path !== "" && path !== "bin/busybox");
  return Object.fromEntries(applets.map((path) => [path, "/bin/busybox"]));
}

/** Returns the files that `ldd` lists for a program: its libraries and the loader. */
export function librariesOf(listing: string): string[] {
  return listing.split("\n").flatMap((line) => /(?:^\s+|=> )(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** Contents of the images. */
export interface Ingredients {
  /** Directory of the built programs. */
  bin: string;
  busybox: string;
  /** Output of `busybox --list-full`. */
  applets: string;
  /** Dynamically linked programs of this machine, and the files that they load. */
  dynamic: readonly string[];
  libraries: readonly string[];
}

/** Returns the images of the demo workloads, and those that tests use. */
export function recipes({ bin, busybox, applets, dynamic, libraries }: Ingredients): Recipe[] {
  const libc = libraries.find((file) => file.endsWith("/libc.so.6"));
  return [
    { name: PAUSE_IMAGE, programs: { pause: `${bin}/pause` }, config: { Entrypoint: ["/pause"], Env: ENV } },
    {
      name: "localhost/busybox:1",
      programs: { "bin/busybox": busybox },
      texts: {
        "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
        "etc/group": "root:x:0:\nnogroup:x:65534:\n",
      },
      links: appletLinks(applets),
      directories: ["root", "tmp"],
      config: { Cmd: ["sh"], Env: ENV },
    },
    {
      name: "localhost/agnhost:1",
      programs: { agnhost: `${bin}/agnhost` },
      config: { Entrypoint: ["/agnhost"], Cmd: ["pause"], Env: ENV },
    },
    {
      // Another C library than the endoscope's, found through an absolute symlink, which outside the image leads to another
      // file.
      name: "localhost/dynamic:1",
      programs: Object.fromEntries([...dynamic, ...libraries].map((file) => [file.slice(1), file])),
      links: libc === undefined ? {} : { "opt/lib/libc.so.6": libc },
      config: { Cmd: ["/bin/bash"], Env: [...ENV, "LD_LIBRARY_PATH=/opt/lib"] },
    },
  ];
}

/** Returns the image's configuration (https://github.com/opencontainers/image-spec/blob/main/config.md). */
export function imageConfig(recipe: Recipe, layerDigest: string, architecture: string): Record<string, unknown> {
  return {
    architecture,
    os: "linux",
    config: recipe.config,
    rootfs: { type: "layers", diff_ids: [`sha256:${layerDigest}`] },
  };
}

/** Returns the docker-archive files of all images, made on first use. */
export async function buildImages(cache: string, bin: string, signal: AbortSignal): Promise<string[]> {
  const busybox = (await run(["sh", "-c", "command -v busybox"])).trim();
  const applets = await run([busybox, "--list-full"]);
  const dynamic = ["/bin/bash", "/bin/ln", "/bin/sleep"];
  const libraries = librariesOf(await run(["ldd", ...dynamic]));
  await Deno.mkdir(`${cache}/images`, { recursive: true });
  return await Promise.all(
    recipes({ bin, busybox, applets, dynamic, libraries }).map((recipe) => buildImage(cache, recipe, signal)),
  );
}

async function buildImage(cache: string, recipe: Recipe, signal: AbortSignal): Promise<string> {
  // Size and time represent a program's content: hashing agnhost at each start would take longer than the start.
  const stamps = Object.values(recipe.programs).map((file) => Deno.statSync(file)).map((s) =>
    `${s.size} ${s.mtime?.getTime()}`
  );
  const name = recipe.name.replace(/^.*\//, "").replace(/:.*$/, "");
  const archive = `${cache}/images/${name}-${buildKey([JSON.stringify(recipe), ...stamps])}.tar`;
  if (await Deno.stat(archive).then(() => true, () => false)) return archive;

  const work = await Deno.makeTempDir({ dir: `${cache}/images`, prefix: "part-" });
  try {
    const root = `${work}/root`;
    await fillRoot(root, recipe);
    await run(tarArgs(`${work}/layer.tar`, root, ["."]), { signal });
    const digest = createHash("sha256").update(await Deno.readFile(`${work}/layer.tar`)).digest("hex");
    const architecture = Deno.build.arch === "aarch64" ? "arm64" : "amd64";
    await Deno.writeTextFile(`${work}/config.json`, JSON.stringify(imageConfig(recipe, digest, architecture)));
    await Deno.writeTextFile(
      `${work}/manifest.json`,
      JSON.stringify([{ Config: "config.json", RepoTags: [recipe.name], Layers: ["layer.tar"] }]),
    );
    await run(tarArgs(`${work}/image.tar`, work, ["manifest.json", "config.json", "layer.tar"]), { signal });
    await Deno.rename(`${work}/image.tar`, archive);
    return archive;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Returns a tar command whose output depends only on the content. */
function tarArgs(archive: string, directory: string, members: string[]): string[] {
  const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  return ["tar", ...same, "-cf", archive, "-C", directory, ...members];
}

async function fillRoot(root: string, recipe: Recipe) {
  const place = async (path: string) => {
    await Deno.mkdir(`${root}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true, mode: 0o755 });
    return `${root}/${path}`;
  };
  await Deno.mkdir(root, { mode: 0o755 });
  for (const directory of recipe.directories ?? []) {
    await Deno.mkdir(await place(directory));
    await Deno.chmod(`${root}/${directory}`, directory === "tmp" ? 0o1777 : 0o755);
  }
  for (const [path, file] of Object.entries(recipe.programs)) {
    await Deno.copyFile(file, await place(path));
    await Deno.chmod(`${root}/${path}`, 0o755);
  }
  for (const [path, text] of Object.entries(recipe.texts ?? {})) await Deno.writeTextFile(await place(path), text);
  for (const [path, target] of Object.entries(recipe.links ?? {})) await Deno.symlink(target, await place(path));
}
