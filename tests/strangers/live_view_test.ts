import assert from "node:assert/strict";
import {
  dial,
  fetch,
  makeDevelopmentCertificate,
  type MultipathConnection,
  roundRobin,
  serve,
  serveLive,
  showConnection,
} from "../../mod.ts";
import { findBrowser } from "./browser.ts";
import { DevTools, eventually, type Page } from "./devtools.ts";
import { Relay } from "./relay.ts";

const program = findBrowser();
/** Bytes of a piece of the transfer, and the milliseconds between two. */
const [PIECE, PAUSE] = [12_000, 10];
/** What a hostile peer says when it closes. */
const REASON = '<img src=x onerror="document.title=1">\u202e\u0007';

/** A transfer over two paths, the second of which leads through a relay that can be cut. */
class Transfer implements AsyncDisposable {
  readonly connection: MultipathConnection;
  readonly #server: ReturnType<typeof serve>;
  readonly #relay: Relay;
  readonly #cut: { isCut: boolean };
  #received: Promise<unknown> = Promise.resolve();

  private constructor(
    connection: MultipathConnection,
    server: ReturnType<typeof serve>,
    relay: Relay,
    cut: { isCut: boolean },
  ) {
    this.connection = connection;
    this.#server = server;
    this.#relay = relay;
    this.#cut = cut;
  }

  static async begin(): Promise<Transfer> {
    const hostname = "127.0.0.1";
    const { certPem: cert, keyPem: key } = await makeDevelopmentCertificate([hostname]);
    // So little data would leave by the faster path alone.
    const scheduler = roundRobin;
    const options = { port: 0, localAddresses: [hostname], cert, key, scheduler };
    const server = serve(options, () => new Response(endless()));
    const cut = { isCut: false };
    const relay = new Relay(server.addr.port, () => cut.isCut);
    const url = `https://${hostname}:${server.addr.port}/`;
    const connection = await dial(url, { caCerts: [cert] });
    const remoteAddress = { transport: "udp", hostname, port: relay.port } as const;
    await connection.openPath({ localAddress: hostname, remoteAddress });
    const transfer = new Transfer(connection, server, relay, cut);
    const response = await fetch(url, { connection });
    transfer.#received = response.body!.pipeTo(new WritableStream()).catch(() => {});
    return transfer;
  }

  /** Everything on the second path is lost from now on. */
  cut(): void {
    this.#cut.isCut = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close();
    await this.#received;
    await this.#server.shutdown();
    this.#relay[Symbol.dispose]();
  }
}

function endless(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      controller.enqueue(new Uint8Array(PIECE));
    },
  });
}

/** Which of the colours of the paths are in a part of a plot, from 0 (left) to 1 (right). */
function coloursIn(figure: string, from: number, to: number): string {
  return `(() => {
    const canvas = document.querySelector("#${figure} canvas");
    const { width, height } = canvas;
    const box = document.querySelector("#${figure} .u-over");
    const scale = width / canvas.clientWidth;
    const left = (box.offsetLeft + box.clientWidth * ${from}) * scale;
    const right = (box.offsetLeft + box.clientWidth * ${to}) * scale;
    // Of a copy: a canvas that is read again and again is a complaint of the browser.
    const copy = new OffscreenCanvas(width, height).getContext("2d");
    copy.drawImage(canvas, 0, 0);
    const { data } = copy
      .getImageData(left, 0, Math.max(1, right - left), height);
    const style = getComputedStyle(document.documentElement);
    return [0, 1].map((id) => {
      const hex = style.getPropertyValue("--path-" + id).trim().slice(1);
      const [r, g, b] = hex.match(/../g).map((part) => parseInt(part, 16));
      let count = 0;
      for (let at = 0; at < data.length; at += 4) {
        const isClose = Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) +
          Math.abs(data[at + 2] - b) < 12;
        if (isClose && data[at + 3] > 250) count++;
      }
      return count;
    });
  })()`;
}

const states = `[...document.querySelectorAll("#paths li .health")].map((one) => one.textContent)`;
const events = `[...document.querySelectorAll("#events li p")].map((one) => one.textContent)`;
const isClient = `document.querySelector("#peer").textContent.startsWith("To ")`;

/** Has the page show the client's end. */
async function chooseClient(page: Page, { connection }: Transfer): Promise<void> {
  const { hostname, port } = connection.remoteAddr;
  const row = `[...document.querySelectorAll("#connections tbody tr")]
    .find((row) => row.textContent.includes("${hostname}:${port}"))`;
  await page.until(`${row} !== undefined`);
  await page.value(`${row}.querySelector("button").click()`);
  await page.until(isClient);
}

Deno.test({
  name: "Chromium shows a transfer over two paths, one of which is pulled, without a complaint",
  ignore: !program,
}, async () => {
  await using view = serveLive({ title: "pulled" });
  await using transfer = await Transfer.begin();
  await using browser = await DevTools.start(program!);
  const page = await browser.page({ width: 1000, height: 1400 });
  await page.open(view.url);
  await page.until("document.title === 'pulled'");
  await chooseClient(page, transfer);
  await page.until(`${states}.join() === "works,works"`);
  // Both carry something, which the plot shows.
  await page.until(`${coloursIn("rate", 0, 1)}.every((count) => count > 50)`);
  const isFilled = "document.querySelector('#state').textContent === 'Live'";
  assert.ok(await page.value(isFilled));
  transfer.cut();
  await page.until(`${states}.join() === "works,no answer"`);
  await page.until(`${events}.some((text) => text.includes("Path 1 (127.0.0.1) does not answer"))`);
  // At the right end of the plots there is one path only: the stack, and the round-trip times.
  for (const figure of ["rate", "rtt"]) {
    await page.until(
      `(([first, second]) => first > 3 && second === 0)(${coloursIn(figure, 0.97, 0.985)})`,
    );
  }
  assert.deepEqual(await page.value(states), ["works", "no answer"], "it is still there");
  const readout = await page.value("document.querySelector('#rtt .readout').textContent");
  assert.match(readout, /^127\.0\.0\.1 #0 [\d.]+ ms$/);
  transfer.connection.close({ closeCode: 9, reason: REASON });
  await page.until(`document.querySelector("#over").hidden === false`);
  const over = await page.value(`document.querySelector("#over").textContent`);
  const shown = '<img src=x onerror="document.title=1">\\u{202e}\\u{7}';
  assert.equal(over, `This connection is over: closed in order, code 9, "${shown}"`);
  await page.until(`[...document.querySelectorAll("#connections tbody tr")]
    .every((row) => row.textContent.includes("onerror"))`); // the peer's end has it from the network
  assert.equal(await page.value("document.images.length"), 0);
  assert.equal(await page.value("document.title"), "pulled");
  await view.close();
  await page.until("document.querySelector('#state').textContent === 'The program has ended'");
  assert.ok(await page.value("document.querySelectorAll('#events li').length > 3"), "it stays");
  assert.deepEqual(page.complaints, []);
  const { origin } = new URL(view.url);
  assert.ok(page.answers.length >= 10, page.answers.join("\n"));
  for (const answer of page.answers) assert.ok(answer.startsWith(`200 ${origin}/`), answer);
});

Deno.test({
  name: "Chromium shows the page at the width of a phone, dark and light, with nothing cut off",
  ignore: !program,
}, async () => {
  await using view = serveLive();
  await using transfer = await Transfer.begin();
  await using browser = await DevTools.start(program!);
  const backgrounds: string[] = [];
  for (const isDark of [true, false]) {
    const page = await browser.page({ width: 360, height: 740, isDark, scale: 2 });
    await page.open(view.url);
    await page.until("document.querySelectorAll('#paths li').length === 2");
    await page.until("document.querySelectorAll('canvas').length === 4");
    assert.equal(await page.value("document.documentElement.scrollWidth"), 360);
    backgrounds.push(await page.value("getComputedStyle(document.body).backgroundColor"));
    assert.deepEqual(page.complaints, []);
  }
  assert.equal(new Set(backgrounds).size, 2);
  assert.ok(transfer.connection.paths.length === 2);
});

Deno.test({
  name: "Chromium shows a connection of TCP, with a dash for what is not known",
  ignore: !program,
}, async () => {
  await using view = serveLive();
  const begin = performance.now();
  const localAddr = { transport: "tcp", hostname: "127.0.0.1", port: 5_000 } as const;
  const end = Promise.withResolvers<void>();
  showConnection({
    role: "server",
    localAddr,
    remoteAddr: { ...localAddr, port: 5_001 },
    protocol: "h2",
    bytesReceived: 0,
    get bytesSent() {
      return 125 * (performance.now() - begin); // 1 Mbit/s
    },
    openStreams: 3,
    closed: end.promise,
  });
  await using browser = await DevTools.start(program!);
  const page = await browser.page({ width: 1000, height: 1400 });
  await page.open(view.url);
  const figures = `[...document.querySelectorAll("#paths dd")].map((one) => one.textContent)`;
  await page.until(`/^(9\\d\\d k|1(\\.\\d+)? M)bit\\/s$/.test(${figures}[1])`);
  await page.until(`${coloursIn("rate", 0, 1)}[0] > 50`);
  const [received, , ...others] = await page.value(figures);
  assert.equal(received, "0 bit/s");
  assert.deepEqual(others, Array(6).fill("–"));
  assert.match(await page.value("document.querySelector('#facts').textContent"), /^h2 over TCP/);
  end.resolve();
  await page.until(`document.querySelector("#over").hidden === false`);
  assert.deepEqual(page.complaints, []);
});

Deno.test({
  name: "Chromium keeps a live view from pages of other origins, frames and other servers here",
  ignore: !program,
}, async () => {
  await using view = serveLive();
  await using browser = await DevTools.start(program!);
  const own = await browser.page({ width: 800, height: 600 });
  await own.open(view.url);
  await own.until("document.querySelector('#state')?.textContent === 'Live'");
  const folder = await own.value("location.href");
  // Another server of this machine: the same site, another origin; and a name that leads here.
  const seen: (string | null)[] = [];
  const html = { "content-type": "text/html" };
  const other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ headers }) => {
    seen.push(headers.get("cookie"));
    return new Response("<!DOCTYPE html><title>other</title>", { headers: html });
  });
  const { port } = other.addr;
  try {
    for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
      const page = await browser.page({ width: 800, height: 600 });
      await page.open(`${origin}/`);
      await page.until("document.title === 'other'");
      for (const target of [folder, `${folder}events`, `${folder}live.js`]) {
        const result = await page.value(
          `fetch("${target}", { credentials: "include" }).then(() => "read", (error) => error.name)`,
        );
        assert.equal(result, "TypeError", `${origin} reads ${target}`);
      }
      for (const mode of ["no-cors", "cors"]) {
        const init = `{ mode: "${mode}", method: "POST", credentials: "include" }`;
        await page.value(`fetch("${folder}events", ${init}).catch(() => {})`);
      }
      const script = `new Promise((resolve) => {
        const script = document.createElement("script");
        script.type = "module";
        script.onload = () => resolve("loaded");
        script.onerror = () => resolve("refused");
        script.src = "${folder}format.js";
        document.head.append(script);
      })`;
      assert.equal(await page.value(script), "refused", `${origin} loads a script`);
      const stream = `new Promise((resolve) => {
        const source = new EventSource("${folder}events", { withCredentials: true });
        source.onopen = () => resolve("open");
        source.onerror = () => resolve("refused");
      })`;
      assert.equal(await page.value(stream), "refused", `${origin} follows`);
      page.answers.length = 0;
      await page.value(`void document.body.append(Object.assign(document.createElement("iframe"),
        { src: "${folder}" }))`);
      const framed = await eventually("the frame", () => page.answers[0]);
      assert.ok(framed.startsWith("403 "), `${origin} frames it: ${framed}`);
    }
    // The cookie is for the folder alone: no other server is shown it.
    assert.ok(seen.length >= 2);
    assert.deepEqual(seen.filter((cookie) => cookie !== null), []);
    const rebound = await browser.page({ width: 800, height: 600 });
    await rebound.open(folder.replace("127.0.0.1", "localhost"));
    const answer = await eventually("an answer", () => rebound.answers[0]);
    assert.ok(answer.startsWith("403 "), answer);
    const second = await browser.page({ width: 800, height: 600 });
    await second.open(folder);
    await second.until("document.querySelector('#state')?.textContent === 'Live'");
  } finally {
    await other.shutdown();
  }
});
