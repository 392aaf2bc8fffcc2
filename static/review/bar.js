// The bar that decides: what gets ready before it is done, what is posted, and what came of it.

import { adopt, part, parts, refresh, root, say } from "./sheet.js";

const REASONED = ["reject", "request_changes", "veto"];
const READY = {
  approve: "Ready to approve",
  approve_edited: "Ready to approve as edited",
  approve_some: "Ready to approve what is chosen",
  reject: "Ready to reject: say why",
  request_changes: "Ready to ask for changes: say which",
  veto: "Ready to veto: say why",
};
const STAYS = 10_000;

// --- what can be told without a page

// Choosing one operation chooses what it needs; leaving one out leaves out what needs it.
export function chosenWith(chosen, needs, number, wanted) {
  const found = new Set(chosen);
  const reached = (from, next) => {
    const all = new Set([from]);
    for (const one of all) for (const other of next(one)) all.add(other);
    return all;
  };
  const needed = (one) => needs[one] ?? [];
  const needing = (one) => Object.keys(needs).map(Number).filter((other) => needs[other].includes(one));
  if (wanted) for (const one of reached(number, needed)) found.add(one);
  else for (const one of reached(number, needing)) found.delete(one);
  return [...found].sort((a, b) => a - b);
}

export function secondsLeft(until, now = Date.now()) {
  return Math.max(0, Math.ceil((new Date(until) - now) / 1_000));
}

export const isReasonMissing = (decision, text) => REASONED.includes(decision) && !text.trim();

// --- getting ready: nothing is decided by one key

const form = () => part("#decide");
const button = (decision) => form()?.querySelector(`button[value="${decision}"]`);
export const armed = () => form()?.dataset.armed ?? "";

export function arm(decision) {
  if (!button(decision) || root().hasAttribute("data-moved")) return;
  refused("");
  if (REASONED.includes(decision) || part("#key")) fold(false);
  form().dataset.armed = decision;
  const how = navigator.platform.startsWith("Mac") ? "⌘ Enter" : "Ctrl Enter";
  part("[data-armed-text]").textContent = `${READY[decision]}. ${how} does it, Esc does not.`;
  for (const each of form().querySelectorAll("button[name=decision]")) each.classList.toggle("ready", each.value === decision);
  if (REASONED.includes(decision)) part("#why").focus();
  else if (decision === "approve") part("#key")?.focus();
}

export function disarm() {
  if (!armed()) return;
  delete form().dataset.armed;
  part("[data-armed-text]").textContent = "";
  for (const each of form().querySelectorAll(".ready")) each.classList.remove("ready");
}

export function commit() {
  if (armed() && button(armed())) form().requestSubmit(button(armed()));
}

export function openMore(name, focus) {
  const more = part(`[data-more="${name}"]`);
  if (!more) return;
  fold(false);
  more.open = true;
  more.querySelector(focus).focus();
}

export function closeMore() {
  const open = parts("details.more[open]");
  for (const more of open) {
    if (more.contains(document.activeElement)) more.querySelector("summary").focus();
    more.open = false;
  }
  return open.length > 0;
}

// On a narrow screen the bar leaves room for what it is about.
export function fold(yes = true) {
  const acts = part("[data-now=acts]");
  const more = part("[data-unfold]");
  acts.toggleAttribute("data-folded", yes);
  more.hidden = false;
  more.ariaExpanded = String(!yes);
  more.textContent = yes ? "More" : "Less";
}

// --- posting

let busy = false;

async function post(sent, submitter) {
  if (busy) return;
  const about = root();
  busy = true;
  about.toggleAttribute("data-busy", true);
  const answer = await answerTo(submitter?.getAttribute("formaction") ?? sent.getAttribute("action"), dataOf(sent, submitter));
  busy = false;
  about.removeAttribute("data-busy");
  if (root() !== about) return;
  if (answer.page) return adopt(answer.page, location.href);
  if (answer.refusal) {
    refused(answer.refusal);
    return refresh();
  }
  refused("");
  done(sent, answer.told);
}

// The texts that could be edited travel only when they were.
function dataOf(sent, submitter) {
  const data = new FormData(sent, submitter);
  const edited = data.get("decision") === "approve_edited";
  for (const name of edited ? [] : [...data.keys()]) if (name.startsWith("edit.")) data.delete(name);
  return data;
}

async function answerTo(address, body) {
  try {
    const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.redirected) return { refusal: "You are signed out: sign in again in another tab. What you wrote is kept." };
    if (answer.headers.get("Content-Type").startsWith("application/json")) {
      const told = await answer.json();
      return answer.ok ? { told } : { refusal: [told.message, ...told.details.map((each) => each.message)].filter(Boolean).join(" ") };
    }
    if (answer.status === 412) return { page: new DOMParser().parseFromString(await answer.text(), "text/html") };
  } catch {
    return { refusal: "The server cannot be reached: nothing was decided, and what you wrote is kept. Try again." };
  }
  return { refusal: "That did not work, and nothing was decided. Load the page again." };
}

function refused(text) {
  const place = part("[data-refused]");
  place.textContent = text;
  place.hidden = !text;
}

function done(sent, told) {
  const act = sent.dataset.act ?? "decide";
  if (act === "decide") {
    toast(told.said, { undo: told.undo_until && root().dataset.undo, until: told.undo_until });
    forget();
    part("#why").value = "";
    disarm();
  } else if (act !== "claim") toast(told.said);
  closeMore();
  say(told.said);
  if (act === "decide" || act === "snooze") document.dispatchEvent(new CustomEvent("review:done"));
  else refresh();
}

// --- what came of it: it stays in sight on the next page

function toast(text, { undo, until } = {}) {
  const place = document.querySelector("[data-toasts]");
  const box = Object.assign(document.createElement("div"), { className: "toast" });
  const said = Object.assign(document.createElement("p"), { textContent: text });
  box.append(said);
  place.replaceChildren(box);
  if (!undo) return setTimeout(() => box.remove(), STAYS);
  const take = Object.assign(document.createElement("button"), { className: "button", type: "button" });
  const back = Object.assign(document.createElement("a"), { href: location.href, textContent: "Show it" });
  const tick = () => {
    const left = secondsLeft(until);
    if (left) take.textContent = `Undo (${left} s)`;
    else stop();
  };
  const clock = setInterval(tick, 250);
  const stop = () => {
    clearInterval(clock);
    box.remove();
  };
  take.addEventListener("click", async () => {
    clearInterval(clock);
    take.disabled = true;
    const body = new FormData();
    body.append("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "");
    const answer = await answerTo(undo, body);
    said.textContent = answer.told?.said ?? answer.refusal ?? "";
    say(said.textContent);
    take.remove();
    setTimeout(() => box.remove(), STAYS);
    refresh();
  });
  box.append(take, back);
  tick();
}

// --- what was written outlives the page

const drawer = () => `review.why.${root().dataset.request}`;

export function recall() {
  const why = part("#why");
  if (why && !why.value) why.value = sessionStorage.getItem(drawer()) ?? "";
}

function forget() {
  sessionStorage.removeItem(drawer());
}

document.addEventListener("input", ({ target }) => {
  if (target.id === "why") sessionStorage.setItem(drawer(), target.value);
  if (target.name === "operations") choose(target);
});

function choose(box) {
  const boxes = [...form().querySelectorAll("[name=operations]")];
  const needs = Object.fromEntries(boxes.map((each) => [Number(each.value), each.dataset.needs.split(" ").filter(Boolean).map(Number)]));
  const before = boxes.filter((each) => each.checked).map((each) => Number(each.value));
  const chosen = chosenWith(before, needs, Number(box.value), box.checked);
  for (const each of boxes) each.checked = chosen.includes(Number(each.value));
}

// --- hands

document.addEventListener("submit", (submit) => {
  const sent = submit.target;
  if (!sent.closest("[data-now=acts]")) return;
  submit.preventDefault();
  const decision = submit.submitter?.name === "decision" ? submit.submitter.value : "";
  if (root().hasAttribute("data-moved") && decision) return refused("It has changed since you looked: see what changed first.");
  if (isReasonMissing(decision, part("#why")?.value ?? "")) {
    arm(decision);
    return refused("Say why.");
  }
  post(sent, submit.submitter);
});

document.addEventListener("keydown", (press) => {
  if (!press.target.closest?.("[data-now=acts]") || press.isComposing) return;
  if (press.key === "Enter" && (press.ctrlKey || press.metaKey) && !press.repeat && armed()) {
    press.preventDefault();
    commit();
  } else if (press.key === "Enter" && press.target.matches("#decide input")) press.preventDefault();
  else if (press.key === "Escape") {
    closeMore();
    disarm();
    if (press.target.matches("input, textarea, select")) press.target.blur();
  }
});

document.addEventListener(
  "toggle",
  ({ target }) => {
    const decision = { edits: "approve_edited", some: "approve_some" }[target.dataset?.more];
    if (target.open) for (const more of parts("details.more[open]")) more.open = more === target;
    if (decision && target.open) arm(decision);
    else if (decision && armed() === decision) disarm();
  },
  { capture: true },
);

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-unfold]")) fold(!part("[data-now=acts]").hasAttribute("data-folded"));
  if (!target.closest("details.more")) closeMore();
});

// --- it has moved: what is shown now is another thing than what was on the screen

document.addEventListener("review:now", ({ detail: { moved } }) => {
  const banner = part("[data-banner]");
  banner.hidden = !moved;
  for (const each of form()?.querySelectorAll("button[name=decision]") ?? []) each.disabled = moved;
  if (!moved || banner.childElementCount) return;
  disarm();
  const told = Object.assign(document.createElement("p"), { textContent: "It has changed since you looked." });
  const show = Object.assign(document.createElement("button"), { className: "button", type: "button", textContent: "Show what changed" });
  show.addEventListener("click", lookAgain);
  banner.append(told, show);
  say(told.textContent);
});

async function lookAgain() {
  const decide = form();
  if (!decide) return location.reload();
  try {
    const answer = await fetch(decide.dataset.lookAgain, { method: "POST", body: new FormData(decide) });
    if (answer.ok && !answer.redirected) return adopt(new DOMParser().parseFromString(await answer.text(), "text/html"), location.href);
  } catch {
    // told below
  }
  refused("The server cannot be reached. What you wrote is kept. Try again.");
}

