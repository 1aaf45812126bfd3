import config from "../deno.json" with { type: "json" };

/** Version of scope, of its image and of its manager: all three are released together. */
export const version: string = config.version;
