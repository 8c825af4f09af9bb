/** A program of its own: its environment says where it leaves traces and secrets. */
import { dialHere, listenHere } from "./loopback.ts";

await using listener = listenHere();
await using _connection = await dialHere(listener);
await listener.accept();
