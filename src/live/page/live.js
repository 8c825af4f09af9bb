// The page: follows the program, and shows what it tells.

import { bytesText, clockText, countText, known, rateText, timeText } from "./format.js";
import { colourName, Plots } from "./plots.js";
import { Series } from "./series.js";

/** Milliseconds of samples that are kept. */
const KEPT = 300_000;
/** Events that are kept. */
const MOST_EVENTS = 200;
/** Milliseconds that the rates of the list are taken over. */
const RATE_SPAN = 1_000;

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Makes an element that holds text, or others. What peers have said goes no other way into the page.
 *
 * @param {string} name
 * @param {string} className
 * @param {...(string | Node)} content
 */
function make(name, className, ...content) {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...content);
  return made;
}

/**
 * Gives an element other content, with as many as possible of the elements it has: what is pressed or
 * selected must not go away while it is looked at.
 *
 * @param {Element} parent
 * @param {readonly Node[]} content
 */
function fill(parent, content) {
  const byKey = new Map([...parent.children].map((child) => [keyOf(child), child]));
  content.forEach((fresh, i) => {
    const key = keyOf(fresh);
    const old = key === undefined ? parent.childNodes[i] : byKey.get(key);
    if (old === undefined || old.nodeName !== fresh.nodeName) {
      parent.insertBefore(fresh, parent.childNodes[i] ?? null);
      return;
    }
    if (old !== parent.childNodes[i]) parent.insertBefore(old, parent.childNodes[i] ?? null);
    if (!(old instanceof HTMLElement) || !(fresh instanceof HTMLElement)) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    for (const { name, value } of fresh.attributes) {
      // A style that is an attribute is forbidden to this page.
      if (name !== "style" && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const name of old.getAttributeNames()) {
      if (name !== "style" && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    fill(old, [...fresh.childNodes]);
  });
  while (parent.childNodes.length > content.length) parent.lastChild?.remove();
}

/** @param {Node} node @returns {string | undefined} What tells an element from its neighbours. */
function keyOf(node) {
  return node instanceof HTMLElement ? node.dataset.key : undefined;
}

/** What the program tells. */
class Follower {
  #source = new EventSource("events");
  #onUpdate;

  /** @param {(update: any) => void} onUpdate */
  constructor(onUpdate) {
    this.#onUpdate = onUpdate;
    this.#listen();
  }

  /** @param {string} key The connection to follow. */
  follow(key) {
    this.#source.close();
    this.#source = new EventSource(`events?connection=${encodeURIComponent(key)}`);
    this.#listen();
  }

  #listen() {
    const source = this.#source;
    source.addEventListener("update", ({ data }) => {
      tell("good", isPaused ? "Paused" : "Live");
      this.#onUpdate(JSON.parse(data));
    });
    source.addEventListener("end", () => {
      source.close();
      tell("plain", "The program has ended");
    });
    source.addEventListener("error", () => {
      if (source !== this.#source) return;
      const isOver = source.readyState === EventSource.CLOSED;
      tell(
        "bad",
        isOver
          ? "Not connected: the program has ended, or too many pages look"
          : "The program does not answer",
      );
    });
  }
}

/**
 * @param {string} tone
 * @param {string} text
 */
function tell(tone, text) {
  const state = element("state");
  state.dataset.tone = tone;
  if (state.textContent !== text) state.textContent = text;
}

const series = new Series(KEPT);
const plots = new Plots();
/** @type {any[]} */
let events = [];
/** @type {any} */
let last;
/** @type {Map<string, [time: number, received: number, sent: number][]>} */
let totals = new Map();
let span = 60_000;
let isPaused = false;
let isDue = false;

/** @param {any} update */
function onUpdate(update) {
  last = update;
  if (update.isAnother) {
    series.clear();
    events = [];
  }
  if (update.shown) {
    series.add(update.samples);
    events = [...events, ...update.shown.events].slice(-MOST_EVENTS);
  }
  count(update.connections);
  if (isDue || isPaused) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    if (!isPaused) render();
  });
}

/** @param {readonly any[]} connections Whose bytes are counted, for rates. */
function count(connections) {
  const now = performance.now();
  const next = new Map();
  for (const { key, received, sent } of connections) {
    const before = totals.get(key) ?? [];
    while (before.length > 1 && now - before[1][0] >= RATE_SPAN) before.shift();
    next.set(key, [...before, [now, received, sent]]);
  }
  totals = next;
}

/** @param {string} key @returns {[received: number, sent: number]} Bytes a second. */
function rates(key) {
  const counted = totals.get(key) ?? [];
  const [first, end] = [counted[0], counted.at(-1)];
  if (first === undefined || end === undefined || end[0] <= first[0]) return [0, 0];
  const seconds = (end[0] - first[0]) / 1_000;
  return [(end[1] - first[1]) / seconds, (end[2] - first[2]) / seconds];
}

function render() {
  const { title, connections, hidden, shown } = last;
  element("title").textContent = title;
  document.title = title;
  element("empty").hidden = connections.length > 0;
  renderConnections(connections, hidden, shown?.key);
  const summary = connections.find((/** @type {any} */ one) => one.key === shown?.key);
  element("detail").hidden = summary === undefined;
  if (summary === undefined) return;
  renderSummary(summary);
  renderPaths(shown);
  renderEvents();
  const columns = series.columns((series.end ?? 0) - span);
  const names = new Map(shown.paths.map((/** @type {any} */ path) => [path.id, path.name]));
  plots.show(columns, events, summary.role, (id) => labelOf(id, names));
}

/**
 * What to call a path: its interface, and its ID if another path begins there.
 *
 * @param {number} id
 * @param {Map<number, string>} names
 */
function labelOf(id, names) {
  const name = names.get(id);
  if (name === undefined) return `path ${id}`;
  const isOne = [...names.values()].filter((other) => other === name).length === 1;
  return isOne ? name : `${name} #${id}`;
}

/**
 * @param {readonly any[]} connections
 * @param {number} hidden
 * @param {string | undefined} shown
 */
function renderConnections(connections, hidden, shown) {
  element("connections").hidden = connections.length < 2;
  const body = /** @type {HTMLElement} */ (document.querySelector("#connections tbody"));
  fill(body, connections.map((one) => rowOf(one, one.key === shown)));
  element("hidden").hidden = hidden === 0;
  element("hidden").textContent = `${countText(hidden)} more are open, and not shown.`;
}

/**
 * @param {any} connection
 * @param {boolean} isShown
 */
function rowOf({ key, peer, serverName, paths, streams, end }, isShown) {
  const [received, sent] = rates(key);
  const button = make("button", "", peer);
  button.setAttribute("type", "button");
  const row = make(
    "tr",
    end === undefined ? "" : "over",
    make("td", "", button),
    make("td", "wide", serverName ?? "–"),
    make("td", "", String(paths)),
    make("td", "wide", String(streams)),
    make("td", "", rateText(received)),
    make("td", "", rateText(sent)),
    make("td", "wide", end === undefined ? "open" : `over: ${end}`),
  );
  row.dataset.key = key;
  if (isShown) row.setAttribute("aria-current", "true");
  return row;
}

/** @param {any} summary */
function renderSummary(summary) {
  const {
    key,
    peer,
    role,
    serverName,
    protocol,
    beganAt,
    received,
    sent,
    lost,
    streams,
    end,
    hasFailed,
  } = summary;
  element("peer").textContent = role === "client" ? `To ${peer}` : `From ${peer}`;
  const facts = [serverName, protocol, `since ${clockText(beganAt).slice(0, 8)}`];
  element("facts").textContent = facts.filter((fact) => fact !== undefined).join(" · ");
  element("over").hidden = end === undefined;
  element("over").dataset.tone = hasFailed ? "bad" : "plain";
  element("over").textContent = `This connection is over: ${end}`;
  const [receivedRate, sentRate] = end === undefined ? rates(key) : [0, 0];
  fill(element("figures"), [
    ...figure("Receiving", rateText(receivedRate)),
    ...figure("Sending", rateText(sentRate)),
    ...figure("Received", bytesText(received)),
    ...figure("Sent", bytesText(sent)),
    ...figure("Packets lost", known(lost, countText)),
    ...figure("Streams", countText(streams)),
  ]);
}

/**
 * @param {string} name
 * @param {string} value
 */
function figure(name, value) {
  return [make("div", "", make("dt", "", name), make("dd", "", value))];
}

/** @param {any} shown */
function renderPaths({ paths, morePaths }) {
  const columns = series.columns((series.end ?? 0) - 1);
  fill(
    element("paths"),
    paths.map((/** @type {any} */ path) => {
      return cardOf(path, columns.paths.find(({ id }) => id === path.id));
    }),
  );
  element("more-paths").hidden = morePaths === 0;
  element("more-paths").textContent = `${countText(morePaths)} more paths are open.`;
}

/**
 * @param {any} path
 * @param {any} column What was measured last.
 */
function cardOf(path, column) {
  const { id, name, local, remote, minRtt, size } = path;
  const [tone, state] = stateOf(path);
  const health = make("span", "health", state);
  health.dataset.tone = tone;
  const card = make(
    "li",
    path.end === undefined ? "" : "over",
    make("div", "path-head", make("strong", "", `${name} · path ${id}`), health),
    make("p", "places", `${local} → ${remote}`),
  );
  card.dataset.key = String(id);
  card.style.borderLeftColor = `var(${colourName(id)})`;
  if (column === undefined) return card;
  card.append(make(
    "dl",
    "",
    ...figure("Receiving", rateText(column.received.at(-1))),
    ...figure("Sending", rateText(column.sent.at(-1))),
    ...figure("Losses", known(column.lost.at(-1), (lost) => `${countText(lost)} /s`)),
    ...figure("Round trip", timeText(column.rtt.at(-1))),
    ...figure("Shortest", timeText(minRtt)),
    ...figure("Datagram size", known(size, bytesText)),
    ...figure("Window", known(column.window.at(-1), bytesText)),
    ...figure("In flight", known(column.inFlight.at(-1), bytesText)),
  ));
  return card;
}

/** @param {any} path @returns {[tone: string, state: string]} */
function stateOf({ end, health, status }) {
  if (end !== undefined) return ["plain", `closed: ${end}`];
  if (health !== "ok") return ["bad", "no answer"];
  return ["good", status === "backup" ? "backup" : "works"];
}

function renderEvents() {
  const items = events.toReversed().map(({ time, tone, text }) => {
    const item = make("li", "", make("time", "", clockText(time)), make("p", "", text));
    item.dataset.tone = tone;
    return item;
  });
  fill(element("events"), items);
}

const follower = new Follower(onUpdate);

element("connections").addEventListener("click", ({ target }) => {
  const key = /** @type {Element} */ (target).closest("tr")?.dataset.key;
  if (key !== undefined) follower.follow(key);
});

for (const button of document.querySelectorAll("[data-span]")) {
  button.addEventListener("click", () => {
    span = Number(/** @type {HTMLElement} */ (button).dataset.span) * 1_000;
    for (const one of document.querySelectorAll("[data-span]")) {
      one.setAttribute("aria-pressed", String(one === button));
    }
    if (last !== undefined) render();
  });
}

element("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  element("pause").setAttribute("aria-pressed", String(isPaused));
  tell(isPaused ? "plain" : "good", isPaused ? "Paused" : "Live");
  if (!isPaused && last !== undefined) render();
});
