// The server of a live view: its page, and what its viewers are told.

import { refusal, SAFE_FIELDS } from "./gate.ts";
import type { Gate } from "./gate.ts";
import type { LiveStore } from "./live_store.ts";
import type { PageFile } from "./page/files.ts";
import { Viewer, type ViewFacts } from "./viewer.ts";

/** Pages that look at a time. */
const MOST_VIEWERS = 16;

/** Answers the requests of browsers. */
export class LivePage {
  readonly #gate: Gate;
  readonly #store: LiveStore;
  readonly #files: Promise<ReadonlyMap<string, PageFile>>;
  readonly #facts: ViewFacts;
  readonly #viewers = new Set<Viewer>();
  #isEnding = false;

  constructor(
    gate: Gate,
    store: LiveStore,
    files: Promise<ReadonlyMap<string, PageFile>>,
    facts: ViewFacts,
  ) {
    this.#gate = gate;
    this.#store = store;
    this.#files = files;
    this.#facts = facts;
  }

  /** Pages that look now. */
  get viewers(): number {
    return this.#viewers.size;
  }

  /** Answers a request. */
  async answer(request: Request): Promise<Response> {
    const asked = this.#gate.judge(request);
    if (asked instanceof Response) return asked;
    if (asked === "events") return this.#events(request);
    const file = (await this.#files).get(asked);
    if (file === undefined) return refusal(404, "Cannot find that");
    const body = request.method === "HEAD" ? null : file.text;
    return new Response(body, { headers: { ...SAFE_FIELDS, "content-type": file.type } });
  }

  /** The program ends: viewers are told, and there will be no more. */
  end(): void {
    this.#isEnding = true;
    for (const viewer of this.#viewers) viewer.end();
    this.#store.tell();
  }

  #events(request: Request): Response {
    const headers = { ...SAFE_FIELDS, "content-type": "text/event-stream" };
    if (request.method === "HEAD") return new Response(null, { headers });
    if (this.#isEnding) return refusal(503, "Cannot go on: the program ends");
    if (this.#viewers.size >= MOST_VIEWERS) {
      return refusal(503, `Cannot show this to more than ${MOST_VIEWERS} pages at a time`);
    }
    const wanted = new URL(request.url).searchParams.get("connection") ?? undefined;
    const viewer = new Viewer(
      this.#store,
      this.#facts,
      wanted,
      () => this.#viewers.delete(viewer),
    );
    this.#viewers.add(viewer);
    return new Response(viewer.open(), { headers });
  }
}
