import { serveInWorker } from "../../mod.ts";
import { payloadOf } from "./payload.ts";

/** Tells workers apart; each thread draws another. */
const name = crypto.randomUUID();

/** Answers who served, sends bytes that can be checked, or dies. */
serveInWorker((data) => {
  if (data === "fail") throw new Error("there is no folder to serve");
  return (request, { early }) => {
    const response = answer(request, data);
    response.headers.set("early", `${early}`);
    return response;
  };
});

function answer(request: Request, data: unknown): Response {
  const { pathname } = new URL(request.url);
  if (pathname === "/die") {
    setTimeout(() => {
      throw new Error("told to die");
    });
    return new Response("dying");
  }
  if (pathname === "/data") return Response.json(data);
  const count = Number(pathname.slice("/bytes/".length));
  if (pathname.startsWith("/bytes/")) return new Response(payloadOf(count), { headers: { name } });
  return new Response(name);
}
