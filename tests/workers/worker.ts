import { serveInWorker } from "../../mod.ts";
import { payloadOf } from "./payload.ts";

/** Tells workers apart; each thread draws another. */
const name = crypto.randomUUID();

/** Answers who served, sends bytes that can be checked, or dies. */
serveInWorker((data) => {
  if (data === "fail") throw new Error("there is no folder to serve");
  fallIll(data);
  return (request, { early }) => {
    const response = answer(request, data);
    response.headers.set("early", `${early}`);
    return response;
  };
});

/** Has the thread die at its start, if the file of an illness says so. */
function fallIll(data: unknown): void {
  const { file, victim } = (data ?? {}) as { file?: string; victim?: string };
  if (file === undefined || victim !== self.name) return;
  const illness = Deno.readTextFileSync(file);
  if (illness === "start") throw new Error("too ill to start");
}

function die(): never {
  throw new Error("told to die");
}

/** An answer without an end; does something if the client gives it up. */
function endlessAnswer(onCancel: () => void): Response {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(1)),
    cancel: onCancel,
  });
  return new Response(body);
}

function answer(request: Request, data: unknown): Response {
  const { pathname } = new URL(request.url);
  if (pathname === "/die") {
    setTimeout(die);
    return new Response("dying");
  }
  if (pathname === "/deadly") return endlessAnswer(() => setTimeout(die));
  if (pathname === "/endless") return endlessAnswer(() => {});
  if (pathname === "/data") return Response.json(data);
  const count = Number(pathname.slice("/bytes/".length));
  if (pathname.startsWith("/bytes/")) return new Response(payloadOf(count), { headers: { name } });
  return new Response(name);
}
