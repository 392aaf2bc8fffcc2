// The queue, live. What is under a pointer or the focus stays where it is: rows change in place, new
// ones wait behind a button, and what was decided elsewhere stays until the list is fetched again.

import { Live } from "../lattice/live.js";
import { bind } from "./keys.js";
import { lookers } from "./looking.js";

const BREATH = 250; // a decision is several events
const AT_ONCE = 50;
const AGAIN = 2_000;
const TICK = 15_000;

// --- what can be told without a page

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
];

export function span(milliseconds) {
  const [unit, size] = UNITS.find(([, each]) => Math.abs(milliseconds) >= each) ?? UNITS.at(-1);
  return `${Math.floor(Math.abs(milliseconds) / size)} ${unit}`;
}

export const dueIn = (milliseconds) => (milliseconds < 0 ? `${span(milliseconds)} overdue` : `${span(milliseconds)} left`);

// The request that an event is about, if it is about one.
export const requestOf = (event) => (event.area === "approvals" && event.payload?.request) || "";

export function told(names) {
  if (!names?.length) return "";
  const rest = names.length - 2;
  const shown = names.slice(0, 2).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  return `${shown} ${names.length === 1 ? "looks" : "look"} at it`;
}

// All between the two, in the order of the list.
export function between(ids, one, other) {
  const [from, to] = [ids.indexOf(one), ids.indexOf(other)].sort((a, b) => a - b);
  return from < 0 ? ids.filter((id) => id === other) : ids.slice(from, to + 1);
}

// --- the page

const root = document.querySelector("[data-queue]");
if (root) begin();

function begin() {
  const facts = JSON.parse(document.getElementById("queue-facts").textContent);
  const live = new Live(facts.epoch, facts.positions);
  const part = (name) => root.querySelector(name);
  const rows = () => [...root.querySelectorAll("[data-row]")];
  const rowOf = (id) => root.querySelector(`[data-row="${CSS.escape(id)}"]`);
  const counted = (number, noun) => `${number} ${noun}`;

  // --- what is said about it

  let clearing;
  function say(text) {
    part(".said").textContent = text;
    clearTimeout(clearing);
    clearing = setTimeout(() => (part(".said").textContent = ""), 15_000);
  }

  function state(name, text) {
    Object.assign(part(".state"), { textContent: text }).dataset.state = name;
  }

  function tellTimes() {
    const now = Date.now();
    for (const time of root.querySelectorAll("time")) {
      const left = new Date(time.dateTime) - now;
      time.title ||= new Date(time.dateTime).toLocaleString();
      if ("ago" in time.dataset) time.textContent = -left < 60_000 ? "just now" : `${span(left)} ago`;
      else time.textContent = "left" in time.dataset && left < 0 ? "free again" : dueIn(left);
      if ("due" in time.dataset) time.classList.toggle("late", left < 0);
    }
  }

  // --- who is looking

  const here = new Map(facts.here.map((one) => [one.client_id, one]));

  function showLookers() {
    const found = lookers(here.values(), facts.me);
    for (const row of rows()) {
      const text = told(found.get(row.dataset.row));
      const shown = row.querySelector(".here");
      if (shown.textContent !== text) shown.textContent = text;
    }
  }

  // --- what changes

  const asked = new Set();
  const arrived = new Set();
  let asking;

  function look(ids) {
    for (const id of ids) asked.add(id);
    if (asked.size) asking ??= setTimeout(fetchChanges, BREATH);
  }

  async function fetchChanges() {
    const ids = [...asked].slice(0, AT_ONCE);
    for (const id of ids) asked.delete(id);
    const url = new URL(facts.changes, location.href);
    url.search = facts.query;
    for (const id of ids) url.searchParams.append("row", id);
    const found = await fragment(url);
    if (found) takeIn(ids, found.querySelectorAll("[data-row]"));
    else ids.forEach((id) => asked.add(id));
    asking = asked.size ? setTimeout(fetchChanges, found ? 0 : AGAIN) : undefined;
  }

  function takeIn(ids, found) {
    const fresh = new Map([...found].map((row) => [row.dataset.row, row]));
    for (const id of ids) {
      const row = rowOf(id);
      if (row && fresh.has(id)) putInPlace(row, fresh.get(id));
      else if (!row && fresh.has(id) && "inside" in fresh.get(id).dataset) arrived.add(id);
      else arrived.delete(id);
    }
    offer();
    tellTimes();
    showLookers();
  }

  function putInPlace(row, fresh) {
    for (const now of fresh.querySelectorAll("[data-part]")) {
      const shown = row.querySelector(`[data-part="${now.dataset.part}"]`);
      if (shown.dataset.shown !== now.innerHTML) shown.replaceChildren(...now.cloneNode(true).childNodes);
      shown.dataset.shown = now.innerHTML;
    }
    const left = !("inside" in fresh.dataset);
    const was = row.classList.contains("over");
    row.classList.toggle("over", left || fresh.classList.contains("over"));
    row.toggleAttribute("data-inside", !left);
    const ended = fresh.querySelector(".ended")?.textContent;
    if (left && !ended) {
      const note = Object.assign(document.createElement("span"), { className: "ended", textContent: "Waits here no more" });
      row.querySelector('[data-part="time"]').replaceChildren(note);
    }
    const box = row.querySelector("input[name=row]");
    if (box && left) Object.assign(box, { checked: false, disabled: true });
    if (left && !was) say(`${ended || "Waits here no more"}: ${row.querySelector("a").textContent}`);
    showChosen();
  }

  function offer() {
    const button = part(".arrived");
    button.hidden = arrived.size === 0;
    const text = counted(arrived.size, "new");
    if (button.textContent !== text && arrived.size) say(text);
    button.textContent = text;
  }

  // The first page of the view anew. What was chosen and focused stays so.
  async function fetchList() {
    const button = part(".arrived");
    button.disabled = true;
    const page = await fragment(new URL(facts.query || "?", location.href.split("?")[0]));
    button.disabled = false;
    const list = page?.querySelector("[data-list]");
    if (!list) return say("The list cannot be read just now: try again");
    const chosen = new Set(chosenOnes().map((box) => box.value));
    const focused = current()?.dataset.row;
    part("[data-list]").replaceChildren(...list.childNodes);
    for (const box of boxes()) box.checked = chosen.has(box.value);
    arrived.clear();
    offer();
    tellTimes();
    showLookers();
    showChosen();
    (rowOf(focused ?? "") ?? rows()[0])?.querySelector("a").focus({ preventScroll: rows().length > 0 && !!focused });
    say(counted(rows().length, "shown"));
  }

  // What was missed altogether: the list as it is now tells what is new in it.
  async function lookForMore() {
    const page = await fragment(new URL(facts.query || "?", location.href.split("?")[0]));
    if (!page) return setTimeout(lookForMore, AGAIN);
    for (const row of page.querySelectorAll("[data-list] [data-row]"))
      if (!rowOf(row.dataset.row)) arrived.add(row.dataset.row);
    offer();
  }

  async function fragment(url) {
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" } });
      if (answer.redirected) location.reload();
      if (!answer.ok || answer.redirected) return null;
      return new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      return null; // the server has gone for a moment
    }
  }

  // --- choosing

  const boxes = () => [...root.querySelectorAll("input[name=row]")];
  const chosenOnes = () => boxes().filter((box) => box.checked);
  let lastChosen = "";

  function showChosen() {
    const bar = part(".selection");
    if (!bar) return;
    const number = chosenOnes().length;
    bar.querySelector(".count").textContent = number ? `${number} chosen` : "";
    bar.querySelector(".main").disabled = number === 0;
    bar.querySelector(".none").hidden = number === 0;
    bar.classList.toggle("some", number > 0);
  }

  function choose(ids, checked) {
    for (const box of boxes()) if (ids.includes(box.value) && !box.disabled) box.checked = checked;
    lastChosen = ids.at(-1);
    showChosen();
  }

  function toggle(row, range) {
    const box = row?.querySelector("input[name=row]");
    if (!box) return;
    const ids = boxes().map((each) => each.value);
    if (range && lastChosen) choose(between(ids, lastChosen, box.value), true);
    else choose([box.value], !box.checked);
    lastChosen = box.value;
  }

  root.addEventListener("click", (click) => {
    const box = click.target.closest("input[name=row]");
    if (box && click.shiftKey && lastChosen) choose(between(boxes().map((each) => each.value), lastChosen, box.value), box.checked);
    if (box) lastChosen = box.value;
    if (click.target.closest(".none")) choose(boxes().map((each) => each.value), false);
    showChosen();
  });

  // --- hands

  let last = "";
  const current = () => document.activeElement?.closest?.("[data-row]") ?? null;
  root.addEventListener("focusin", () => (last = current()?.dataset.row ?? last));

  function move(step) {
    const all = rows();
    const at = all.indexOf(current() ?? rowOf(last));
    const next = at < 0 ? all[0] : all[Math.min(Math.max(at + step, 0), all.length - 1)];
    next?.querySelector("a").focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
  }

  const open = () => (current() ?? rowOf(last))?.querySelector("a").click();

  bind(
    {
      j: () => move(1),
      k: () => move(-1),
      o: open,
      Enter: open,
      x: () => toggle(current() ?? rowOf(last), false),
      "Shift+x": () => toggle(current() ?? rowOf(last), true),
      n: () => arrived.size && fetchList(),
    },
    { root },
  );
  part(".arrived").addEventListener("click", fetchList);

  // --- the socket

  live.addEventListener("event", ({ detail }) => requestOf(detail) && look([requestOf(detail)]));
  live.addEventListener("presence", ({ detail: { event_type, payload } }) => {
    if (event_type === "join") here.set(payload.client_id, payload);
    else here.delete(payload.client_id);
    showLookers();
  });
  let reconnecting = false;
  live.addEventListener("lost", () => {
    reconnecting = true;
    state("lost", "Reconnecting…");
  });
  live.addEventListener("caught-up", ({ detail }) => {
    state("live", "Live");
    if (reconnecting) look(rows().map((row) => row.dataset.row));
    if (detail.missed) lookForMore();
    if (reconnecting || detail.missed) say("Caught up");
    reconnecting = false;
  });
  live.addEventListener("ended", () => {
    state("ended", "Ended");
    say("You are signed out, or may no longer watch: load the page again");
  });

  part(".tabs [aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
  for (const shown of root.querySelectorAll("[data-part]")) shown.dataset.shown = shown.innerHTML;
  tellTimes();
  showLookers();
  showChosen();
  setInterval(tellTimes, TICK);
  live.open();
}
