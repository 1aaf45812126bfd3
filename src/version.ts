/** Version of scope, of its image and of its manager: all three are released together. */
export const version = "0.1.0";

/** scripts/package writes the image's name here, in the bundle. */
const image: string = "@packaged-image@";

/** The image that the maker of this package chose, if one did. */
export function packagedImage(): string | undefined {
  return image.startsWith("@") ? undefined : image;
}
