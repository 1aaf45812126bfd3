/** Version of scope, of its image and of its manager: all three are released together. */
export const version = "0.1.0";
