/** The version of these programs; a test keeps it equal to that of deno.json. */
export const version = "0.1.0";
