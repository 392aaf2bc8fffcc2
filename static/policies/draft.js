// The editor of a draft: what the server says of the text as it is written, and keys.

import { Editor } from "./editor.js";
import { Schema } from "./completing.js";

const PAUSE = 350;

const form = document.querySelector("form.draft");
const editor = new Editor(form.querySelector(".code"));
const said = form.querySelector(".said");
const faultList = document.querySelector(".faults");
const checked = document.querySelector(".checked");
const urls = form.dataset;
const saved = editor.value;

let pending;
let asking;

editor.addEventListener("changed", () => {
  clearTimeout(pending);
  said.dataset.state = "asking";
  pending = setTimeout(check, PAUSE);
});

async function check() {
  asking?.abort();
  asking = new AbortController();
  const text = editor.value;
  try {
    const answer = await fetch(urls.check, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      body: JSON.stringify({ text }),
      signal: asking.signal,
    });
    if (answer.redirected || !answer.headers.get("Content-Type")?.startsWith("application/json"))
      return tell("unknown", "You are logged out. Copy your text, then log in again.");
    const found = await answer.json();
    if (!answer.ok) return tell("unknown", found.error.message);
    present(found);
  } catch (failure) {
    if (failure.name === "AbortError") return;
    tell("unknown", "The server cannot be reached: the text was not checked.");
  }
}

function tell(state, text) {
  said.dataset.state = state;
  if (said.textContent !== text) said.textContent = text;
}

function present({ faults, said: text, state, page }) {
  editor.show(faults);
  tell(state, text);
  faultList.hidden = faults.length === 0;
  faultList.replaceChildren(...faults.map(faultRow));
  if (page !== null) checked.innerHTML = page; // our own template, escaped as any page
  checked.classList.toggle("stale", page === null);
}

function faultRow({ line, column, field, message }) {
  const row = document.createElement("li");
  const place = document.createElement("button");
  place.type = "button";
  Object.assign(place.dataset, { line, column });
  place.textContent = `Line ${line}, column ${column}`;
  row.append(place, " ", message);
  if (field) row.append(" ", Object.assign(document.createElement("code"), { textContent: field }));
  return row;
}

document.addEventListener("click", ({ target }) => {
  const place = target.closest("[data-line]");
  if (place) editor.goTo(Number(place.dataset.line), Number(place.dataset.column || 1));
});

// --- keys, and leaving with something unsaved

form.addEventListener("keydown", (event) => {
  if (event.key === "s" && (event.ctrlKey || event.metaKey) && !event.altKey) {
    event.preventDefault();
    form.querySelector("button.save:not([disabled])")?.click();
  }
});

let leaving = false;
addEventListener("submit", () => (leaving = true));
addEventListener("beforeunload", (event) => {
  if (!leaving && editor.value !== saved) event.preventDefault();
});

function goToHash() {
  const line = /^#L(\d+)$/.exec(location.hash)?.[1];
  if (line) editor.goTo(Number(line));
}

addEventListener("hashchange", goToHash);
goToHash();
const coming = fetch(urls.schema).catch(() => null);
check();
const answer = await coming;
if (answer?.ok) editor.completeBy(new Schema(await answer.json()));
