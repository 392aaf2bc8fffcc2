// A request's page: its tabs without another page, and the keys of whoever decides.

import { bind } from "./keys.js";

const root = () => document.querySelector("[data-review]");
const part = (selector) => root().querySelector(selector);
const parts = (selector) => [...root().querySelectorAll(selector)];

// --- tabs: each is read once, and put away with what was written in it

const read = new Map();

async function openTab(name, { push = true } = {}) {
  const shown = part("[data-open-tab]");
  if (shown.dataset.openTab === name) return;
  const content = read.get(name) ?? (await fetched(name));
  if (!content) return location.assign(addressOf(name));
  const away = document.createDocumentFragment();
  away.append(...shown.childNodes);
  read.set(shown.dataset.openTab, away);
  shown.append(content);
  shown.dataset.openTab = name;
  shown.ariaLabel = part(`[data-tab="${name}"]`).firstChild.textContent.trim();
  for (const link of parts("[data-tab]")) {
    if (link.dataset.tab === name) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  if (push) history.pushState(null, "", addressOf(name));
  document.dispatchEvent(new CustomEvent("review:tab", { detail: { name } }));
}

function addressOf(name) {
  const url = new URL(location.href);
  url.searchParams.set("tab", name);
  return url;
}

async function fetched(name) {
  const url = new URL(part(`[data-tab="${name}"]`).dataset.from, location.href);
  try {
    const answer = await fetch(url);
    if (!answer.ok || answer.redirected) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const content = document.createDocumentFragment();
    content.append(...page.body.childNodes);
    return content;
  } catch {
    return null;
  }
}

document.addEventListener("click", (click) => {
  const tab = click.target.closest("[data-tab]");
  if (!tab || click.ctrlKey || click.metaKey || click.shiftKey) return;
  click.preventDefault();
  openTab(tab.dataset.tab);
});

addEventListener("popstate", () => {
  const name = new URL(location.href).searchParams.get("tab") ?? "change";
  openTab(name, { push: false });
});

bind({ u: () => part(".trail a").click() });
