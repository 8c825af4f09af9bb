/** Which end of a connection something is, or came from. */
export type Role = "client" | "server";
