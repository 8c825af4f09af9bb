/** Drives Chromium by its protocol for developers (CDP): opens pages, and asks what they show. */

import { removeProfile } from "./browser.ts";

/** Milliseconds that the browser may take for a step on a busy machine. */
const PATIENCE = 60_000;

/** What a page is shown on. */
export interface Screen {
  readonly width: number;
  readonly height: number;
  readonly isDark?: boolean;
  /** Pixels of the screen for each of the page. */
  readonly scale?: number;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  // deno-lint-ignore no-explicit-any -- the protocol has hundreds of shapes
  readonly params?: any;
  // deno-lint-ignore no-explicit-any -- as above
  readonly result?: any;
  readonly error?: { readonly message: string };
}

/** A browser without a window. */
export class DevTools implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Message>>();
  readonly #pages = new Map<string, Page>();
  #count = 0;

  private constructor(process: Deno.ChildProcess, profile: string, socket: WebSocket) {
    this.#process = process;
    this.#profile = profile;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#onMessage(JSON.parse(data));
  }

  /**
   * Starts it.
   *
   * @param program The path of the browser.
   */
  static async start(program: string): Promise<DevTools> {
    const profile = await Deno.makeTempDir({ prefix: "mpquic-browser-" });
    const process = new Deno.Command(program, {
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--remote-debugging-port=0",
        `--user-data-dir=${profile}`,
        "about:blank",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const address = await eventually("the browser's port", () => readPort(profile));
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return new DevTools(process, profile, socket);
  }

  /** Opens an empty page. */
  async page({ width, height, isDark = false, scale = 1 }: Screen): Promise<Page> {
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page((method, params) => this.call(method, params, sessionId));
    this.#pages.set(sessionId, page);
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await page.call(`${domain}.enable`);
    const mobile = false;
    await page.call("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: scale,
      mobile,
    });
    const value = isDark ? "dark" : "light";
    const features = [{ name: "prefers-color-scheme", value }];
    await page.call("Emulation.setEmulatedMedia", { features });
    return page;
  }

  /** Sends a command, and waits for what it brings. */
  // deno-lint-ignore no-explicit-any -- the protocol has hundreds of shapes
  async call(method: string, params?: object, sessionId?: string): Promise<any> {
    const id = ++this.#count;
    const waiter = Promise.withResolvers<Message>();
    this.#waiting.set(id, waiter);
    this.#socket.send(JSON.stringify({ id, method, params: params ?? {}, sessionId }));
    const { result, error } = await waiter.promise;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    this.#process.kill("SIGTERM");
    await this.#process.status;
    await removeProfile(this.#profile);
  }

  #onMessage(message: Message): void {
    if (message.id !== undefined) {
      this.#waiting.get(message.id)?.resolve(message);
      this.#waiting.delete(message.id);
    } else this.#pages.get(message.sessionId ?? "")?.onEvent(message.method!, message.params);
  }
}

/** A page of the browser. */
export class Page {
  /** What it wrote on its console, and what the browser said of it. */
  readonly complaints: string[] = [];
  /** The status and address of each answer. */
  readonly answers: string[] = [];
  // deno-lint-ignore no-explicit-any -- the protocol has hundreds of shapes
  readonly call: (method: string, params?: object) => Promise<any>;

  constructor(call: Page["call"]) {
    this.call = call;
  }

  /** Goes to an address. */
  async open(url: string): Promise<void> {
    await this.call("Page.navigate", { url });
  }

  /** The value of an expression in the page. */
  // deno-lint-ignore no-explicit-any -- it depends on the expression
  async value(expression: string): Promise<any> {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    await eventually(expression, async () => await this.value(expression) || undefined);
  }

  /** A picture of it (PNG). */
  async screenshot(isWhole = false): Promise<Uint8Array<ArrayBuffer>> {
    const options = { format: "png", captureBeyondViewport: isWhole };
    const { cssContentSize } = await this.call("Page.getLayoutMetrics");
    const clip = isWhole ? { clip: { ...cssContentSize, scale: 1 } } : {};
    const { data } = await this.call("Page.captureScreenshot", { ...options, ...clip });
    return Uint8Array.fromBase64(data);
  }

  onEvent(method: string, params: Message["params"]): void {
    if (method === "Runtime.exceptionThrown") {
      this.complaints.push(JSON.stringify(params.exceptionDetails));
    } else if (method === "Runtime.consoleAPICalled") {
      this.complaints.push(JSON.stringify(params.args));
    } else if (method === "Log.entryAdded") {
      this.complaints.push(`${params.entry.text} ${params.entry.url ?? ""}`);
    } else if (method === "Network.responseReceived") {
      this.answers.push(`${params.response.status} ${params.response.url}`);
    }
  }
}

/** Waits until there is something. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + PATIENCE;
  while (performance.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited too long for ${what}`);
}

function readPort(profile: string): string | undefined {
  try {
    const [port, path] = Deno.readTextFileSync(`${profile}/DevToolsActivePort`).split("\n");
    return path ? `ws://127.0.0.1:${port}${path}` : undefined;
  } catch {
    return undefined;
  }
}
