/** A browser that has opened the address of a live view, as far as the program can tell. */

import assert from "node:assert/strict";

/** What a browser says of an address that its user has typed. */
export const TYPED = { "sec-fetch-site": "none" };

/** What the program tells. */
export interface Message {
  readonly type: string;
  readonly title: string;
  readonly connections: {
    readonly role: string;
    readonly protocol?: string;
    readonly end?: string;
    readonly received: number;
    readonly sent: number;
  }[];
  readonly shown?: {
    readonly paths: { readonly id: number; readonly name: string }[];
    readonly events: { readonly text: string }[];
  };
  readonly samples: [number, ...number[][]][];
}

/** A browser that has opened the address of a live view. */
export class Visitor {
  readonly #base: string;
  readonly #cookie: string;

  private constructor(base: string, cookie: string) {
    this.#base = base;
    this.#cookie = cookie;
  }

  /** Opens the address of a view, which was not opened before. */
  static async enter({ url }: { readonly url: string }): Promise<Visitor> {
    const answer = await fetch(url, { headers: TYPED, redirect: "manual" });
    await answer.body?.cancel();
    assert.equal(answer.status, 303);
    const [cookie] = answer.headers.get("set-cookie")!.split(";");
    return new Visitor(new URL(answer.headers.get("location")!, url).href, cookie!);
  }

  get host(): string {
    return new URL(this.#base).host;
  }

  get path(): string {
    return new URL(this.#base).pathname;
  }

  get fields(): Record<string, string> {
    return { "sec-fetch-site": "same-origin", cookie: this.#cookie };
  }

  async get(name: string, fields: Record<string, string> = this.fields): Promise<Response> {
    return await fetch(`${this.#base}${name}`, { headers: fields });
  }

  /** The messages of the program. */
  async *follow(): AsyncGenerator<Message> {
    const { status, body } = await this.get("events");
    assert.equal(status, 200);
    let text = "";
    for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
        const [, type, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end))!;
        yield { type: type!, ...JSON.parse(data!) };
      }
    }
  }
}
