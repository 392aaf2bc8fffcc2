// What is on a request's page: its tabs, other requests in its place, and what has changed since it
// was read. Nothing that somebody writes is taken from under their hands.

export const root = () => document.querySelector("[data-review]");
export const part = (selector) => root()?.querySelector(selector) ?? null;
export const parts = (selector) => [...(root()?.querySelectorAll(selector) ?? [])];

let clearing;
export function say(text) {
  const spoken = document.querySelector("[data-spoken]");
  spoken.textContent = text;
  clearTimeout(clearing);
  clearing = setTimeout(() => (spoken.textContent = ""), 15_000);
}

// None: the server is away, or wants to see somebody else.
export async function pageAt(address, more = {}) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, ...more });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

// --- tabs: each is read once, and put away with what was written in it

let kept = new Map();

export async function openTab(name, { push = true } = {}) {
  const shown = part("[data-open-tab]");
  const about = root();
  if (shown.dataset.openTab === name) return;
  const content = kept.get(name) ?? (await tabRead(name));
  if (root() !== about) return;
  if (!content) return location.assign(addressOf(name));
  const away = document.createDocumentFragment();
  away.append(...shown.childNodes);
  kept.set(shown.dataset.openTab, away);
  shown.append(content);
  shown.dataset.openTab = name;
  for (const link of parts("[data-tab]")) {
    if (link.dataset.tab !== name) link.removeAttribute("aria-current");
    else link.setAttribute("aria-current", "true");
  }
  shown.ariaLabel = part("[data-tab][aria-current]").firstChild.textContent.trim();
  if (push) history.pushState(null, "", addressOf(name));
  tellTab(name);
}

// What it shows has changed, and nobody writes there.
export async function renewTab(name) {
  kept.delete(name);
  const shown = part("[data-open-tab]");
  if (shown.dataset.openTab !== name) return;
  const content = await tabRead(name);
  if (!content || shown !== part("[data-open-tab]") || shown.dataset.openTab !== name) return;
  shown.replaceChildren(content);
  tellTab(name);
}

function addressOf(name) {
  const url = new URL(location.href);
  url.searchParams.set("tab", name);
  return url;
}

async function tabRead(name) {
  const page = await pageAt(part(`[data-tab="${name}"]`).dataset.from);
  if (!page) return null;
  const content = document.createDocumentFragment();
  content.append(...page.body.childNodes);
  return content;
}

function tellTab(name) {
  document.dispatchEvent(new CustomEvent("review:tab", { detail: { name } }));
}

// --- another request, or this one anew

export function adopt(page, address, { push = false } = {}) {
  const fresh = page?.querySelector("[data-review]");
  if (!fresh) return location.assign(address);
  kept = new Map();
  root().replaceWith(document.adoptNode(fresh));
  document.title = page.title;
  if (push) history.pushState(null, "", address);
  document.dispatchEvent(new CustomEvent("review:sheet"));
  tellTab(part("[data-open-tab]").dataset.openTab);
  const head = part("#moved") ?? part("[data-now=head] h2");
  head.focus({ preventScroll: true });
  scrollTo(0, 0);
}

// --- what has changed

let asked = 0;

export async function refresh() {
  const number = ++asked;
  const shown = root();
  const page = await pageAt(shown.dataset.nowFrom);
  const fresh = page?.querySelector("[data-request]");
  if (!fresh || number !== asked || root() !== shown) return;
  const moved = fresh.dataset.digest !== shown.dataset.digest && fresh.dataset.state === "pending";
  for (const place of parts("[data-now]")) {
    const now = fresh.querySelector(`[data-now="${place.dataset.now}"]`);
    if (now) take(place, now, moved);
  }
  shown.toggleAttribute("data-moved", moved);
  document.dispatchEvent(new CustomEvent("review:now", { detail: { moved } }));
}

function take(place, now, moved) {
  if (place.dataset.now === "acts") return moved ? undefined : takeActs(place, now);
  if (place.innerHTML.trim() === now.innerHTML.trim()) return;
  if (place.dataset.now === "others") return takeWhenFree(place, now);
  const focused = place.contains(document.activeElement);
  place.replaceChildren(...now.childNodes);
  Object.assign(place.dataset, now.dataset);
  if (focused) place.querySelector("[tabindex]")?.focus({ preventScroll: true });
}

// The buttons stay as they are as long as they mean the same; what was written goes with them.
function takeActs(place, now) {
  if (place.dataset.kinds === now.dataset.kinds) return;
  const focused = document.activeElement?.closest("[data-now=acts]") ? document.activeElement.id : "";
  const written = new Map([...place.querySelectorAll("textarea[id], input[id]")].map((one) => [one.id, one.value]));
  const before = place.querySelector("[data-keepsake]");
  const lost = written.get("why") && !now.querySelector("#why") ? written.get("why") : "";
  now.querySelectorAll("textarea[id], input[id]").forEach((one) => written.has(one.id) && (one.value = written.get(one.id)));
  place.replaceChildren(...now.childNodes);
  place.dataset.kinds = now.dataset.kinds;
  document.dispatchEvent(new CustomEvent("review:acts"));
  if (lost || before) place.append(lost ? keepsake(lost) : before);
  if (focused) (document.getElementById(focused) ?? part("[data-now=head] h2")).focus({ preventScroll: true });
}

function keepsake(text) {
  const told = Object.assign(document.createElement("p"), { className: "words", textContent: text });
  const label = Object.assign(document.createElement("p"), { className: "quiet", textContent: "You had written:" });
  const box = document.createElement("div");
  box.toggleAttribute("data-keepsake", true);
  box.append(label, told);
  return box;
}

// The list beside it moves under nobody's pointer or focus.
const waiting = new WeakMap();

function takeWhenFree(place, now) {
  const held = waiting.has(place);
  waiting.set(place, now);
  if (!held) whenFree(place);
}

function whenFree(place) {
  if (!place.isConnected) return;
  if (place.matches(":hover, :focus-within")) return setTimeout(() => whenFree(place), 500);
  place.replaceChildren(...waiting.get(place).childNodes);
  waiting.delete(place);
}
