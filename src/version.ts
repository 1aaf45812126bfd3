/** Version of scope, its image and its manager: all three are released together. */
export const version = "0.1.0";

/** scripts/package replaces this text in the bundle by the image's name. */
const image: string = "@packaged-image@";

/** Returns the image that the packager chose; undefined without one. */
export function packagedImage(): string | undefined {
  return image.startsWith("@") ? undefined : image;
}
