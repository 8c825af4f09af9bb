import { serveInWorker } from "../../mod.ts";
import { payloadOf } from "../workers/payload.ts";

/** What a worker behind a balancer is given. */
export interface BalancedData {
  /** The address of its server. */
  readonly hostname: string;
  /** A file for what must not happen twice. */
  readonly notes: string;
}

/** Tells workers apart; each thread draws another. */
const name = crypto.randomUUID();

serveInWorker((data) => {
  const { hostname, notes } = data as BalancedData;
  return ({ url }, { early }) => {
    const [, order = "", word = ""] = new URL(url).pathname.split("/");
    const headers = { name, early: `${early}` };
    if (order === "bytes") return new Response(payloadOf(Number(word)), { headers });
    if (order === "note") Deno.writeTextFileSync(notes, `${word} ${hostname}\n`, { append: true });
    return Response.json(hostname, { headers });
  };
});
