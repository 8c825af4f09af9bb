// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * Makes the picture of the live view from a real run: `deno task live-picture` (Linux, root,
 * Chromium).
 *
 * A laptop of two links of 20 Mbit/s fetches a file with `mpquic get --live`. One link is cut and
 * comes back meanwhile; some seconds later a browser on the laptop takes the picture.
 */
import { findBrowser } from "../strangers/browser.ts";
import { DevTools } from "../strangers/devtools.ts";
import { laptop, laptopLinks } from "./laptop.ts";
import { PORT, serverAddress } from "./testbed.ts";

const SIZE = 200_000_000;
/** When a link is cut, comes back, and the picture is taken; milliseconds. */
const [CUT, BACK, PICTURE] = [12_000, 17_000, 26_000];
const SCREEN = { width: 1000, height: 698, scale: 1.25 };
const target = new URL("../../docs/live.png", import.meta.url).pathname;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** In the namespace of the laptop: opens the page, and takes a picture of it later. */
async function take(url: string, path: string, time: number): Promise<void> {
  await using browser = await DevTools.start(findBrowser()!);
  const page = await browser.page(SCREEN);
  await page.open(url);
  await page.until("document.querySelectorAll('#paths li').length === 2");
  await pause(time - Date.now());
  await Deno.writeFile(path, await page.screenshot());
}

async function record(folder: string): Promise<void> {
  await using testbed = await laptop();
  await Deno.mkdir(`${folder}/www`);
  await Deno.writeFile(`${folder}/www/film.mp4`, new Uint8Array(SIZE));
  const args = ["serve", `${folder}/www`, "-p", `${PORT}`, "-n", "s"];
  const server = testbed.program(testbed.server, "cli/main.ts", args).spawn();
  const url = `https://${serverAddress(0)}:${PORT}/film.mp4`;
  const words = ["get", "--live", "-k", "-n", laptopLinks.join(), "-o", "/dev/null", url];
  const get = testbed.program(testbed.client, "cli/main.ts", words).spawn();
  let text = "";
  for await (const piece of get.stderr.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const [, address] = /Live view, for one browser: (\S+)\n/.exec(text) ?? [];
    if (address === undefined) continue;
    const time = Date.now() + PICTURE;
    const script = new URL(import.meta.url).pathname;
    const taken = testbed.run(Deno.execPath(), "run", "-A", script, address, target, `${time}`);
    await pause(CUT);
    await testbed.order({ link: 0, cut: true });
    await pause(BACK - CUT);
    await testbed.order({ link: 0, cut: false });
    await taken;
    break;
  }
  for (const process of [server, get]) process.kill("SIGKILL");
  await Promise.allSettled([
    server.stdout.cancel(),
    server.stderr.cancel(),
    get.stdout.cancel(),
    server.status,
    get.status,
  ]);
  console.log(`${(await Deno.stat(target)).size} bytes`);
}

const [address, path, time] = Deno.args;
if (time !== undefined) await take(address!, path!, Number(time));
else {
  const folder = await Deno.makeTempDir();
  try {
    await record(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
