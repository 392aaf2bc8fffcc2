// A change on its page: side by side or unified, folds that open where they are, what was looked at,
// and the way from one difference to the next. Without it, links do what they can.

import { bind } from "./keys.js";

const YEAR = 60 * 60 * 24 * 365;
const UNDER_THE_HEAD = 96;

export const keyOf = ({ request, content }) => `viewed:${request}:${content}`;

export const counted = (viewed, all) => `${viewed} of ${all} viewed`;

export const toggled = (viewed, part) =>
  viewed.includes(part) ? viewed.filter((one) => one !== part) : [...viewed, part];

// Of places in their order: the next one from `at`, which may be none of them (-1), or the last one
// that way.
export function nextOf(count, at, step) {
  if (count === 0) return -1;
  if (at < 0) return step > 0 ? 0 : count - 1;
  return Math.min(Math.max(at + step, 0), count - 1);
}

const root = () => document.querySelector("[data-diff]");
const operations = () => [...root().querySelectorAll(".operation")];
const inside = (operation) => operation.querySelector(".inside");
const button = (operation) => operation.querySelector("[data-viewed]");

function kept() {
  const page = document.querySelector("[data-review]")?.dataset ?? {};
  return keyOf(page);
}

function viewed() {
  try {
    return JSON.parse(localStorage.getItem(kept())) ?? [];
  } catch {
    return [];
  }
}

function show() {
  const seen = viewed();
  for (const operation of operations()) {
    const looked = seen.includes(operation.dataset.part);
    button(operation).hidden = false;
    button(operation).setAttribute("aria-pressed", looked);
    inside(operation).hidden = looked;
  }
  const progress = root().querySelector(".progress");
  if (!progress) return;
  const looked = operations().filter((operation) => seen.includes(operation.dataset.part));
  progress.hidden = looked.length === 0;
  progress.textContent = counted(looked.length, operations().length);
}

function toggle(operation) {
  localStorage.setItem(kept(), JSON.stringify(toggled(viewed(), operation.dataset.part)));
  show();
}

// The one somebody is at: where the keyboard is, or else the first that is in sight.
function current() {
  const at = document.activeElement?.closest(".operation");
  return at ?? operations().find((one) => one.getBoundingClientRect().bottom > UNDER_THE_HEAD);
}

export function toggleViewed() {
  if (!root()) return;
  const operation = current();
  if (!operation) return;
  toggle(operation);
  const next = inside(operation).hidden ? operations()[operations().indexOf(operation) + 1] : null;
  const head = (next ?? operation).querySelector("h4");
  head.focus({ preventScroll: true });
  head.scrollIntoView({ block: "nearest" });
}

function follows(one, other) {
  return Boolean(other.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
}

// Of rows that are far away the browser knows no place, so what comes next is asked of their order.
export function nextHunk(step) {
  if (!root()) return;
  const hunks = [...root().querySelectorAll(".inside:not([hidden]) [data-hunk]")];
  const here = document.activeElement?.closest("[data-diff] tr, [data-diff] h4") ?? firstInSight();
  const before = here ? hunks.filter((hunk) => hunk === here || follows(here, hunk)).length - 1 : -1;
  const stands = hunks[before] === here;
  const at = stands ? nextOf(hunks.length, before, step) : step > 0 ? before + 1 : before;
  const hunk = hunks[Math.min(Math.max(at, 0), hunks.length - 1)];
  if (!hunk) return;
  hunk.tabIndex = -1;
  hunk.focus({ preventScroll: true });
  hunk.scrollIntoView({ block: "center" });
}

function firstInSight() {
  const runs = [...root().querySelectorAll(".run")];
  return runs.find((run) => run.getBoundingClientRect().bottom > UNDER_THE_HEAD);
}

async function fetched(search) {
  const answer = await fetch(`${root().dataset.diff}${search}`);
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

const place = (row) => {
  const { operation, side, line } = (row.matches("[data-line]") ? row : row.querySelector("[data-line]")).dataset;
  return `:is(tr, td)[data-operation="${operation}"][data-side="${side}"][data-line="${line}"]`;
};

// What somebody was looking at stays where it is.
export async function toggleSplit() {
  if (!root()) return;
  const view = root().dataset.view === "split" ? "unified" : "split";
  const search = new URLSearchParams(location.search);
  search.set("lines", view);
  const arrived = (await fetched(`?${search}`)).querySelector("[data-diff]");
  document.cookie = `diff_view=${view}; path=/admin/review/; max-age=${YEAR}; SameSite=Strict`;
  const focused = document.activeElement?.closest("[data-diff] tr");
  const row = focused ?? firstInSight()?.querySelector("[data-line]").closest("tr");
  const where = row ? place(row) : null;
  const top = row?.getBoundingClientRect().top;
  root().replaceWith(arrived);
  history.replaceState(history.state, "", `?${search}`);
  document.dispatchEvent(new CustomEvent("review:tab"));
  const again = where && arrived.querySelector(where)?.closest("tr");
  if (!again) return;
  if (focused) {
    again.tabIndex = -1;
    again.focus({ preventScroll: true });
  }
  scrollBy(0, again.getBoundingClientRect().top - top);
}

async function unfold(link) {
  const fold = link.closest(".fold");
  const part = link.closest(".operation").dataset.part;
  const arrived = await fetched(`${new URL(link.href).search}&operation=${part}`);
  const opened = [...arrived.querySelectorAll(`[data-opened="${link.dataset.fold}"]`)];
  const rest = opened.at(-1)?.nextElementSibling;
  const row = opened[0]?.querySelector("tbody tr");
  fold.replaceWith(...opened, ...(rest?.matches(".fold") ? [rest] : []));
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = event.target.closest("[data-viewed], [data-fold], [data-to]");
  if (!target) return;
  event.preventDefault();
  if (target.matches("[data-viewed]")) toggle(target.closest(".operation"));
  else if (target.matches("[data-fold]")) unfold(target).catch(() => location.assign(target.href));
  else if (target.dataset.to !== root().dataset.view) toggleSplit().catch(() => location.assign(target.href));
}

export function setup() {
  const here = root();
  if (!here || "ready" in here.dataset) return;
  here.dataset.ready = "";
  here.addEventListener("click", pressed);
  bind({ n: () => nextHunk(1), p: () => nextHunk(-1), v: toggleViewed, m: toggleSplit }, { root: here });
  show();
}

document.addEventListener("review:tab", setup);
setup();
