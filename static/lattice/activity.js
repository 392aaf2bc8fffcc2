// The feed, live: on /activity whole, on the console's home page without filters and keys.

import { Live } from "./live.js";

const HEARTBEAT = 25_000;
const AGAIN = 2_000;

const root = document.querySelector("[data-live]");
const part = (name) => root.querySelector(name);
const feed = part(".feed");
const arrived = part(".arrived");
const older = part(".older");
const pause = part(".pause");
const help = part(".help");
const row = document.getElementById("event-row").content.firstElementChild;
let facts = JSON.parse(document.getElementById("live-facts").textContent);
const live = new Live(facts.epoch, facts.positions);

let paused = false;
let reconnecting = false;
let caughtUp = 0;
let pointed = false;
let held = [];
const seen = new Set([...feed.children].map((event) => event.id));

// --- what is said about it

function state(name, text) {
  const shown = part(".state");
  shown.dataset.state = name;
  shown.textContent = text;
}

let clearing;
function say(text) {
  part(".said").textContent = text;
  clearTimeout(clearing);
  clearing = setTimeout(() => (part(".said").textContent = ""), 15_000);
}

let toSpeak = [];
let speaking;
function speak(event) {
  toSpeak.push(event.text);
  speaking ??= setTimeout(() => {
    part(".spoken").textContent = toSpeak.length === 1 ? toSpeak[0] : `${toSpeak.length} new events`;
    toSpeak = [];
    speaking = undefined;
  }, 2_000);
}

const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

function showState() {
  if (paused) state("paused", "Paused");
  else if (reconnecting) state("lost", "Reconnecting…");
  else state("live", "Live");
}

// --- events

function arrive(event) {
  if (meanwhile) return meanwhile.push(event);
  const id = `event-${event.id}`;
  if (seen.has(id) || (facts.areas.length && !facts.areas.includes(event.area))) return;
  seen.add(id);
  if (reconnecting) caughtUp += 1;
  held.push(event);
  speak(event);
  settle();
}

// Nothing moves under a pointer, under the focus, or while somebody reads further down.
function isRead() {
  const above = feed.getBoundingClientRect().top < 0;
  return pointed || above || feed.contains(document.activeElement);
}

function settle() {
  if (held.length && facts.newest && !paused && !isRead()) return show();
  arrived.hidden = held.length === 0;
  arrived.textContent = `${held.length} new`;
}

function show() {
  feed.prepend(...held.splice(0).slice(-facts.most).reverse().map(drawn));
  trim();
  part(".nothing").hidden = feed.children.length > 0;
  arrived.hidden = true;
  tellTimes();
}

// What goes at the bottom is the first to come again when older ones are asked for.
let most = facts.most;
function trim() {
  while (feed.children.length > most) {
    const { workspace, seq } = feed.lastElementChild.dataset;
    facts.before[workspace] = Number(seq) + 1;
    seen.delete(feed.lastElementChild.id);
    feed.lastElementChild.remove();
    if (older) offerOlder();
  }
}

// As apps/activity/positions.py writes it.
function place() {
  const several = Object.entries(facts.before);
  const short = (id) => id.replaceAll("-", "").slice(-8);
  const first = `${facts.epoch}.${Math.min(...several.map(([, at]) => at))}`;
  if (several.length < 2) return first;
  return `${first}.${several.map(([id, at]) => `${short(id)}_${at}`).join("-")}`;
}

function offerOlder() {
  const url = new URL(location.href);
  url.searchParams.set("older", place());
  older.href = url;
  older.closest("nav").hidden = false;
}

async function showOlder() {
  if (feed.ariaBusy === "true") return;
  feed.ariaBusy = "true";
  const page = await wholePage(older.href);
  feed.ariaBusy = "false";
  if (!page) return say("Older events cannot be read just now: try again");
  const more = JSON.parse(page.getElementById("live-facts").textContent);
  if (more.newest) return readAgain(); // of before a restore
  const events = [...page.querySelector("[data-live] .feed").children].filter((event) => !seen.has(event.id));
  for (const event of events) seen.add(event.id);
  feed.append(...events);
  facts.before = more.before;
  most = Math.max(most, feed.children.length + facts.most);
  offerOlderAfter(page);
  tellTimes();
  events[0]?.focus();
  say(`${counted(events.length, "older event")} shown`);
}

function offerOlderAfter(page) {
  if (page.querySelector(".older").closest("nav").hidden) older.closest("nav").hidden = true;
  else offerOlder();
}

function drawn(event) {
  const article = row.cloneNode(true);
  const fill = (name, text) => (article.querySelector(name).textContent = text);
  article.id = `event-${event.id}`;
  Object.assign(article.dataset, { area: event.area, workspace: event.workspace_id, seq: event.seq });
  article.classList.add("fresh");
  article.setAttribute("aria-label", event.text);
  fill(".text", event.text);
  fill(".area", event.area[0].toUpperCase() + event.area.slice(1));
  fill(".place", facts.names[event.workspace_id] ?? "");
  article.querySelector("time").dateTime = event.timestamp;
  const details = { Type: event.type, Number: event.seq, ...event.payload };
  article.querySelector("dl").append(...Object.entries(details).map(detail));
  return article;
}

function detail([name, value]) {
  const [line, term, said] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
  term.textContent = name[0].toUpperCase() + name.slice(1);
  said.textContent = value === null ? "–" : Array.isArray(value) ? value.join(", ") : value;
  line.append(term, said);
  return line;
}

function tellTimes() {
  for (const time of feed.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const minutes = Math.floor((Date.now() - at) / 60_000);
    const clock = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const day = at.toLocaleDateString([], { day: "numeric", month: "short" });
    time.title = at.toLocaleString();
    if (minutes < 1) time.textContent = "just now";
    else if (minutes < 60) time.textContent = `${minutes} min ago`;
    else time.textContent = minutes < 60 * 12 ? clock : `${day}, ${clock}`;
  }
}

// What was missed cannot be told in full: read the page again. What comes meanwhile waits.
let meanwhile;
async function readAgain() {
  meanwhile ??= [];
  const page = await wholePage(location.href);
  if (!page) return setTimeout(readAgain, AGAIN);
  facts = JSON.parse(page.getElementById("live-facts").textContent);
  feed.replaceChildren(...page.querySelector("[data-live] .feed").children);
  part(".nothing").hidden = feed.children.length > 0;
  most = facts.most;
  if (older) offerOlderAfter(page);
  held = [];
  seen.clear();
  for (const event of feed.children) seen.add(event.id);
  const late = meanwhile;
  meanwhile = undefined;
  late.forEach(arrive);
  settle();
  tellTimes();
  say("Read again from the start");
}

async function wholePage(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (answer.redirected) location.reload();
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null; // the server has gone again
  }
}

// --- who is here

const here = new Map();
const mine = new Map();

function present() {
  for (const id of facts.presence ? Object.keys(facts.positions) : [])
    live.send(
      { type: "presence", workspace_id: id, subject: "activity", client_id: mine.get(id) },
      (answer) => isHere(id, answer),
    );
}

function isHere(id, answer) {
  if (answer.type === "error") return mine.delete(id);
  mine.set(id, answer.result.presence.client_id);
  for (const [client, one] of here) if (one.workspace_id === id) here.delete(client);
  for (const one of answer.result.here) here.set(one.client_id, one);
  showPeople();
}

function showPeople() {
  const list = part(".people");
  if (!list) return;
  const others = [...here.values()].filter((one) => one.user !== facts.me);
  const names = new Map(others.map((one) => [one.user, one.name]));
  list.replaceChildren(
    ...[...names.values()].map((name) => Object.assign(document.createElement("li"), { textContent: name })),
  );
  part(".alone").hidden = names.size > 0;
}

addEventListener("pagehide", () => {
  for (const client_id of mine.values())
    navigator.sendBeacon("/realtime/presence/leave", JSON.stringify({ client_id }));
  mine.clear();
});

// --- the socket

live.addEventListener("event", ({ detail }) => arrive(detail));
live.addEventListener("presence", ({ detail: { event_type, workspace_id, payload } }) => {
  if (event_type === "join") here.set(payload.client_id, { ...payload, workspace_id });
  else here.delete(payload.client_id);
  showPeople();
});
live.addEventListener("lost", () => {
  if (!reconnecting) caughtUp = 0;
  reconnecting = true;
  showState();
});
live.addEventListener("caught-up", ({ detail }) => {
  if (detail.missed) readAgain();
  else if (reconnecting) say(`Caught up, ${counted(caughtUp, "event")}`);
  reconnecting = false;
  showState();
  present();
});
live.addEventListener("ended", () => {
  state("ended", "Ended");
  say("You are signed out, or may no longer watch: load the page again");
});
setInterval(() => live.isOpen && present(), HEARTBEAT);
setInterval(tellTimes, 30_000);

// --- hands

feed.addEventListener("pointerover", (over) => (pointed = over.pointerType === "mouse"));
for (const place of [feed, arrived])
  place.addEventListener("pointerleave", (leaving) => {
    pointed = [feed, arrived].includes(leaving.relatedTarget?.closest?.(".feed, .arrived"));
    settle();
  });
feed.addEventListener("focusout", () => setTimeout(settle));
addEventListener("scroll", settle, { passive: true });
arrived.addEventListener("click", () => {
  if (!facts.newest) return location.assign(part(".newest").href);
  pointed = false;
  show();
  if (feed.getBoundingClientRect().top < 0) root.scrollIntoView();
});

older?.addEventListener("click", (click) => {
  if (click.ctrlKey || click.metaKey || click.shiftKey) return;
  click.preventDefault();
  showOlder();
});

function togglePause() {
  paused = !paused;
  pause.setAttribute("aria-pressed", paused);
  pause.textContent = paused ? "Go on" : "Pause";
  showState();
  if (!paused && held.length && facts.newest) show();
}

function move(step) {
  const events = [...feed.children];
  const at = events.indexOf(document.activeElement.closest?.(".event"));
  const next = events[Math.min(Math.max(at + step, 0), events.length - 1)];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => document.activeElement.closest?.(".event")?.querySelector("summary").click(),
  n: () => held.length && arrived.click(),
  m: () => older.closest("nav").hidden || showOlder(),
  p: togglePause,
  f: () => part(".filters a").focus(),
  "?": () => help.showModal(),
};

if (pause) {
  pause.hidden = part(".keys").hidden = false;
  pause.addEventListener("click", togglePause);
  part(".keys").addEventListener("click", KEYS["?"]);
  document.addEventListener("keydown", (press) => {
    const typing = press.target.closest("input, select, textarea, [contenteditable], dialog");
    if (typing || press.ctrlKey || press.metaKey || press.altKey || !Object.hasOwn(KEYS, press.key)) return;
    press.preventDefault();
    KEYS[press.key]();
  });
}

tellTimes();
live.open();
