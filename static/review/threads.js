// What is said of lines, under the lines of which it is said: read by itself, and put in its place
// whenever another view of the change is shown. What somebody is writing stays as it is, where it
// is, whatever arrives.

import { bind } from "./keys.js";
import { pageAt, part, root as page, say } from "./sheet.js";

const CONCERNS = /^approvals\.(comment|thread)\./;
const ROWS = "[data-diff] .diff tbody tr:not(.talk)";
const PLACE = "[data-line]:not([data-thread])";

export const keyOf = ({ operation = "", side = "", line = "" }) => `${operation}:${side}:${line}`;

// In words, for whoever hears it.
export function wordsOf({ side, line }) {
  if (!line) return "Say something of all of it";
  return `Say something of line ${line}${side === "before" ? ", as it was" : ""}`;
}

// Of what the server told, a sentence.
export function problemOf(status, told) {
  if (told) return [told.message, ...told.details.map(({ message }) => message)].filter(Boolean).join(" ");
  if (status) return `It was not sent: the server answered ${status}. Your text is still here.`;
  return "It was not sent: there is no connection. Your text is still here: send it again.";
}

// Which of what arrived takes the place of what is shown.
export const differs = (shown, arrived) => shown?.dataset.version !== arrived.dataset.version;

const section = () => part("[data-threads-from]");
const diff = () => part("[data-diff]");

// --- places

const sheets = new Map(); // of each request that was open here, so that what was written is there again
let threads = new Map();
let composers = new Map();
let template; // null: this person says nothing here; undefined: that is not known yet

function rowOf({ operation, side, line }) {
  const place = `[data-operation="${operation}"][data-line="${line}"]`;
  const exact = diff().querySelector(`.diff ${place}[data-side="${side}"]`);
  if (exact || side !== "before") return exact?.closest("tr") ?? null;
  // Unified, a line that stays is one row, which goes by its number after the change.
  const same = diff().querySelectorAll(`[data-part="${operation}"] .diff.unified tr:not([class])`);
  return [...same].find((row) => row.cells[0].textContent === line) ?? null;
}

// Of a row side by side, that after the change, if it has one.
function placeOf(element) {
  const place = element.closest(PLACE) ?? [...element.querySelectorAll(PLACE)].at(-1);
  return place ? { ...place.dataset } : null;
}

function below(row) {
  if (row.nextElementSibling?.matches(".talk")) return row.nextElementSibling.cells[0];
  const talk = document.createElement("tr");
  talk.className = "talk";
  const columns = [...row.cells].reduce((sum, cell) => sum + cell.colSpan, 0);
  talk.insertCell().colSpan = columns;
  row.after(talk);
  return talk.cells[0];
}

// Where its line is not to be seen, at the head of its operation.
function put(element, place) {
  const row = place.line ? rowOf(place) : null;
  element.classList.toggle("below", Boolean(row));
  if (row) return below(row).append(element);
  const head = place.operation && diff().querySelector(`[data-part="${place.operation}"] header`);
  if (head) head.after(element);
  else section().prepend(element);
}

function putAll() {
  if (!diff()) return;
  const everything = [...threads.values(), ...composers.values()];
  keepFocus(() => everything.forEach((one) => isInPlace(one) || put(one, one.dataset)));
}

const isInPlace = (one) => one.isConnected && (one.classList.contains("below") || !rowOf(one.dataset));

// --- what is being written is not disturbed

function keepFocus(move) {
  const focused = document.activeElement;
  const [start, end] = [focused?.selectionStart, focused?.selectionEnd];
  move();
  if (focused === document.activeElement || !focused.isConnected) return;
  focused.focus({ preventScroll: true });
  if (start !== undefined) focused.setSelectionRange?.(start, end);
}

const isWrittenIn = (form) => [...form.querySelectorAll("textarea")].some(({ value }) => value.trim());

function replace(shown, arrived) {
  const writing = shown.querySelector("details:has(form)");
  const place = arrived.querySelector("details:has(form)");
  keepFocus(() => {
    if (writing && place && isWrittenIn(writing)) place.replaceWith(writing);
    arrived.classList.toggle("below", shown.classList.contains("below"));
    shown.replaceWith(arrived);
  });
}

let pointer = null;
addEventListener("pointermove", ({ clientX, clientY }) => (pointer = [clientX, clientY]), { passive: true });

// What is under the pointer, or else has the focus, stays where it is on the screen.
function holdStill(change) {
  const under = pointer && document.elementFromPoint(...pointer);
  const held = under?.closest("tr, article, form, p") ?? document.activeElement;
  const before = held?.getBoundingClientRect().top;
  change();
  if (!held?.isConnected) return;
  const moved = held.getBoundingClientRect().top - before;
  if (moved) scrollerOf(held).scrollBy({ top: moved, behavior: "instant" });
}

function scrollerOf(element) {
  for (let one = element.parentElement; one; one = one.parentElement) {
    const scrolls = /auto|scroll/.test(getComputedStyle(one).overflowY);
    if (scrolls && one.scrollHeight > one.clientHeight) return one;
  }
  return document.scrollingElement;
}

// --- reading

let reading = null;
let again = false;

// What has begun may not know of it yet: then it is read once more.
function refresh() {
  again = Boolean(reading);
  reading ??= readOn().finally(() => (reading = null));
  return reading;
}

async function readOn() {
  do {
    again = false;
    await readAll();
  } while (again);
}

async function readAll() {
  const about = page();
  const arrived = about && (await pageAt(section().dataset.threadsFrom));
  if (!arrived || about !== page()) return;
  template = arrived.querySelector("template");
  if (diff() && arrived.querySelector("[data-content]").dataset.content === page().dataset.content)
    holdStill(() => mergeInline(arrived));
  count(arrived.querySelector("[data-left]").dataset.left);
  const discussion = part("[data-discussion]");
  if (discussion) holdStill(() => mergeDiscussion(discussion, arrived.querySelector("[data-discussion]")));
}

function count(left) {
  const tab = part('[data-tab="discussion"]');
  tab.querySelector(".count")?.remove();
  if (left !== "0") tab.append(Object.assign(document.createElement("span"), { className: "count", textContent: left }));
}

function mergeInline(arrived) {
  for (const one of arrived.querySelectorAll("[data-inline] [data-thread]")) {
    const shown = threads.get(one.dataset.thread);
    if (!differs(shown, one)) continue;
    threads.set(one.dataset.thread, one);
    if (shown?.isConnected) replace(shown, one);
  }
  const earlier = arrived.querySelector("[data-earlier]");
  diff().querySelector("[data-earlier]")?.remove();
  if (earlier) diff().prepend(earlier);
  putAll();
}

function mergeDiscussion(shown, arrived) {
  const list = shown.querySelector("[data-threads]");
  for (const one of arrived.querySelectorAll("[data-threads] > [data-thread]")) {
    const before = list.querySelector(`[data-thread="${one.dataset.thread}"]`);
    if (!before) list.append(one);
    else if (differs(before, one)) replace(before, one);
  }
  if (list.querySelector("[data-thread]")) list.querySelector("[data-nothing]")?.remove();
  shown.querySelector("[data-open]").replaceWith(arrived.querySelector("[data-open]"));
}

// --- writing

async function compose(place, { question = false } = {}) {
  const key = keyOf(place);
  if (template === undefined) await refresh();
  let form = composers.get(key);
  if (!form) {
    if (!template) return say("Nothing can be said here now.");
    form = template.content.querySelector("form").cloneNode(true);
    for (const name of ["operation", "side", "line"]) form.elements[name].value = form.dataset[name] = place[name] ?? "";
    form.elements.content.value = place.operation ? page().dataset.content : "";
    form.setAttribute("aria-label", wordsOf(place));
    form.querySelector("[data-place]").textContent = wordsOf(place);
    composers.set(key, form);
  }
  if (!form.isConnected) put(form, form.dataset);
  const asks = form.querySelector("button[value=question]");
  if (question && asks) {
    form.querySelector(".main").classList.remove("main");
    asks.classList.add("main");
  }
  form.elements.text.focus();
}

function leave(form) {
  composers.delete(keyOf(form.dataset));
  const talk = form.closest(".talk");
  const row = talk?.previousElementSibling;
  form.remove();
  if (talk && !talk.cells[0].childElementCount) talk.remove();
  if (row) focusOn(row);
}

function focusOn(element) {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
}

async function send(form, submitter) {
  if (form.ariaBusy === "true") return;
  const problem = form.querySelector(".problem");
  const body = new FormData(form, submitter);
  form.ariaBusy = "true";
  const writing = form.querySelectorAll("textarea"); // what came into it by then would be lost
  for (const area of writing) area.readOnly = true;
  let status = 0;
  let told = null;
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    status = answer.status;
    told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
  } catch {
    status = 0;
  }
  form.ariaBusy = "false";
  for (const area of writing) area.readOnly = false;
  problem.hidden = Boolean(told?.said);
  problem.textContent = told?.said ? "" : problemOf(status, told);
  if (!told?.said) return;
  const [key, thread] = [keyOf(form.dataset), form.closest("[data-thread]")?.dataset.thread];
  form.reset();
  form.closest("details")?.removeAttribute("open");
  if (form.matches("[data-composer]")) leave(form);
  say(told.said);
  await refresh();
  if (writesElsewhere(form)) return;
  focusOn(shownThread(thread) ?? [...threads.values()].findLast((one) => keyOf(one.dataset) === key) ?? section());
}

// Whoever began to write again before the answer came keeps the focus.
function writesElsewhere(form) {
  const writing = document.activeElement?.closest("[data-talk]");
  return Boolean(writing) && writing !== form;
}

const shownThread = (id) => id && section().querySelector(`[data-thread="${id}"]`);

// --- lines: the button on the one that is pointed at or has the focus, and `t`

const button = document.createElement("button");
button.type = "button";
button.className = "say";

const rowAt = (element) => element?.closest?.(ROWS) ?? null;

// Side by side, the side that is pointed at.
function cellAt(row, element) {
  const cell = element.closest("td");
  const before = row.cells.length === 6 && cell && cell.cellIndex < 3;
  const own = row.cells[before ? 2 : row.cells.length - 1];
  return own.matches(PLACE) || row.matches(PLACE) ? own : row.querySelector(PLACE);
}

function pointAt(element) {
  const row = template === null ? null : rowAt(element);
  const cell = row && cellAt(row, element);
  if (!cell) return;
  button.ariaLabel = wordsOf(placeOf(cell));
  if (button.parentElement !== cell) cell.prepend(button);
}

function talkOfLine() {
  const line = rowAt(document.activeElement) ?? (button.isConnected ? button : diff().querySelector("[data-hunk]"));
  const place = line && placeOf(line);
  if (place) compose(place);
}

// Asks who proposed it: of the line that has the focus, or of all of it.
export function ask() {
  const row = rowAt(document.activeElement);
  return compose((row && placeOf(row)) || {}, { question: true });
}

function step(press) {
  const row = rowAt(document.activeElement);
  if (row !== document.activeElement || !["ArrowDown", "ArrowUp"].includes(press.key)) return;
  const rows = [...diff().querySelectorAll(ROWS)].filter((one) => placeOf(one) && one.checkVisibility());
  const next = rows[rows.indexOf(row) + (press.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  press.preventDefault();
  focusOn(next);
}

document.addEventListener("pointerover", ({ target }) => pointAt(target));
document.addEventListener("focusin", ({ target }) => pointAt(target));
document.addEventListener("click", ({ target }) => {
  if (target === button) compose(placeOf(button));
  else if (target.closest?.("[data-leave]")) leave(target.closest("form"));
});
document.addEventListener("submit", (submit) => {
  if (!submit.target.matches("[data-talk]")) return;
  submit.preventDefault();
  send(submit.target, submit.submitter);
});
document.addEventListener("keydown", (press) => {
  const form = press.target.closest?.("[data-talk]");
  if (!form) return step(press);
  if (press.key === "Enter" && (press.ctrlKey || press.metaKey)) form.requestSubmit(form.querySelector(".main"));
  else if (press.key === "Escape" && form.matches("[data-composer]") && !isWrittenIn(form)) leave(form);
});

// --- a page, or another tab or view of it

function setup() {
  if (!section()) return;
  const { request, content } = page().dataset;
  const before = sheets.get(request);
  threads = before?.content === content ? before.threads : new Map();
  composers = before?.composers ?? new Map();
  sheets.set(request, { content, threads, composers });
  template = undefined;
  if (diff() && !("talks" in diff().dataset)) {
    diff().dataset.talks = "";
    bind({ t: talkOfLine }, { root: diff() });
    new MutationObserver((changes) => {
      const nodes = changes.flatMap(({ addedNodes }) => [...addedNodes]);
      if (nodes.some((node) => node.matches?.(".run"))) putAll();
    }).observe(diff(), { childList: true, subtree: true });
  }
  putAll();
  refresh();
}

document.addEventListener("review:tab", setup);
document.addEventListener("review:event", ({ detail }) => {
  const isOurs = detail.payload?.request === page()?.dataset.request;
  if (isOurs && CONCERNS.test(detail.type)) refresh();
});
setup();
