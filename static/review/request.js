// A request's page, live: what is decided, said and changed elsewhere, who looks at it too, and the
// keys of whoever decides.

import { Live } from "../lattice/live.js";
import { arm, armed, closeMore, commit, disarm, fold, openMore, recall } from "./bar.js";
import { bind } from "./keys.js";
import { lookers } from "./looking.js";
import { adopt, openTab, pageAt, part, refresh, renewTab, root, say } from "./sheet.js";
import { ask } from "./threads.js";

const HEARTBEAT = 25_000;
const BREATH = 150; // a decision is several events
const RENEWED = 5 * 60_000; // before a lease is over

const facts = JSON.parse(document.getElementById("review-facts").textContent);
const live = new Live(facts.epoch, facts.positions);

// --- the next one is here before it is asked for

let ahead = {};
const neighbour = (which) => part(`[data-${which}]`)?.dataset[which];

function lookAhead() {
  const address = neighbour("next");
  ahead = address ? { address, page: pageAt(address) } : {};
}

async function goTo(address) {
  const page = await (address === ahead.address ? ahead.page : pageAt(address));
  adopt(page, address, { push: true });
  refresh();
}

function goOn() {
  const address = neighbour("next");
  if (address) return goTo(address);
  say("Nothing else waits on you.");
  refresh();
}

// --- what happens

let refreshing;
function refreshSoon() {
  clearTimeout(refreshing);
  refreshing = setTimeout(refresh, BREATH);
}

live.addEventListener("event", ({ detail: event }) => {
  const about = event.payload?.request;
  if (about && event.type === "specs.proposal.advised" && about === root().dataset.request) {
    say(event.text);
    return renewTab("checks");
  }
  if (!about || !event.type.startsWith("approvals.")) return;
  if (about === root().dataset.request) {
    document.dispatchEvent(new CustomEvent("review:event", { detail: event }));
    if (event.actor.id !== facts.me) say(event.text);
  }
  if (ahead.address?.includes(about)) lookAhead();
  refreshSoon();
});
live.addEventListener("lost", () => {
  document.body.removeAttribute("data-live-now");
  state("Reconnecting… What you write is kept.");
});
live.addEventListener("caught-up", () => {
  state("");
  document.body.toggleAttribute("data-live-now", true);
  refresh();
  present();
});
live.addEventListener("ended", () => state("You are signed out, or may no longer watch: load the page again."));

let lost = "";
function state(text) {
  lost = text;
  const place = part("[data-connection]");
  place.textContent = text;
  place.hidden = !text;
}

// --- who else looks

const here = new Map();
let mine;

function present() {
  const { workspace, request } = root().dataset;
  if (mine && mine.workspace !== workspace) {
    live.send({ type: "presence", leave: true, client_id: mine.client });
    mine = undefined;
  }
  const frame = { type: "presence", workspace_id: workspace, subject: `approval:${request}`, client_id: mine?.client };
  live.send(frame, (answer) => {
    if (answer.type === "error") return (mine = undefined);
    mine = { workspace, client: answer.result.presence.client_id };
    here.clear();
    for (const one of answer.result.here) here.set(one.client_id, one);
    showOthers();
  });
}

function showOthers() {
  const names = lookers(here.values(), facts.me).get(root().dataset.request) ?? [];
  const place = part("[data-looking]");
  place.hidden = names.length === 0;
  place.textContent = names.length ? `${names.join(", ")} ${names.length === 1 ? "is" : "are"} looking at it too.` : "";
}

live.addEventListener("presence", ({ detail: { event_type, payload } }) => {
  if (event_type === "join") here.set(payload.client_id, payload);
  else here.delete(payload.client_id);
  showOthers();
});
setInterval(() => live.isOpen && present(), HEARTBEAT);
addEventListener("pagehide", () => {
  if (mine) navigator.sendBeacon("/realtime/presence/leave", JSON.stringify({ client_id: mine.client }));
  mine = undefined;
});

// --- a lease is made again while somebody looks

setInterval(() => {
  const lease = part(".lease[data-mine]");
  if (!lease || document.visibilityState !== "visible" || new Date(lease.dataset.until) - Date.now() > RENEWED) return;
  const body = new FormData();
  body.append("csrfmiddlewaretoken", part("[name=csrfmiddlewaretoken]").value);
  fetch(root().dataset.claim, { method: "POST", body, headers: { Accept: "application/json" } }).then(refresh, () => {});
}, 60_000);

// --- hands

document.addEventListener("review:acts", () => fold());
document.addEventListener("review:sheet", () => {
  fold();
  recall();
  lookAhead();
  state(lost);
  if (live.isOpen) present();
});
document.addEventListener("review:done", goOn);

document.addEventListener("click", (click) => {
  if (click.ctrlKey || click.metaKey || click.shiftKey || click.defaultPrevented) return;
  const tab = click.target.closest("[data-tab]");
  const other = click.target.closest(".others a");
  if (!tab && !other) return;
  click.preventDefault();
  if (tab) openTab(tab.dataset.tab);
  else goTo(other.getAttribute("href"));
});

addEventListener("popstate", async () => {
  const name = new URL(location.href).searchParams.get("tab") ?? "change";
  if (location.pathname.includes(root().dataset.request)) return openTab(name, { push: false });
  adopt(await pageAt(location.href), location.href);
});

bind({
  j: () => neighbour("next") && goTo(neighbour("next")),
  k: () => neighbour("previous") && goTo(neighbour("previous")),
  u: () => part(".trail a").click(),
  a: () => arm("approve"),
  r: () => arm("reject"),
  e: () => openMore("edits", "textarea"),
  q: ask,
  s: () => openMore("snooze", "button"),
  Escape: () => {
    closeMore();
    disarm();
  },
  "Mod+Enter": (press) => !press.repeat && armed() && commit(),
});

fold();
recall();
lookAhead();
live.open();
