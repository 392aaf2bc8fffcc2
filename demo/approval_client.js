// A client of /ws/{user_id}/{client_type}: what waits on somebody, and their decisions.
// What is on the screen is what is decided on: each answer carries the digest of what was shown.

const $ = (id) => document.getElementById(id);
const FINAL = { 4400: "The server did not understand this page.", 4401: "Nobody knows this key or token.", 4403: "You may not, or not any more.", 4429: "You have too many connections open." };
const OUTCOMES = { allowed: "Approved", denied: "Rejected", changes_requested: "Changes requested", expired: "Its time ran out", cancelled: "Taken back", superseded: "Replaced by a newer one" };
const SHOWN_LATELY = 20;

const cards = new Map();
let me = null, socket = null, retry = null, wait = 500, number = 0;

// --- who, and where

async function atHome() {
  try {
    const answer = await fetch("/api/v1/health");
    return answer.ok && (answer.headers.get("content-type") ?? "").startsWith("application/json");
  } catch { return false; }
}

const form = $("who");
for (const name of ["user", "client", "server"]) {
  form.elements[name].value = localStorage.getItem(`approvals.${name}`) ?? form.elements[name].value;
}
atHome().then((home) => {
  $("elsewhere").hidden = home;
  form.elements.server.required = !home;
  $("hint").textContent = home ? "Kept in this page alone. Empty: your login here." : "Kept in this page alone.";
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = Object.fromEntries(["user", "client", "server", "secret"].map((name) => [name, form.elements[name].value.trim()]));
  for (const name of ["user", "client", "server"]) localStorage.setItem(`approvals.${name}`, given[name]);
  me = { ...given, server: $("elsewhere").hidden ? location.origin : given.server.replace(/\/+$/, "") };
  wait = 500;
  connect();
});
$("leave").addEventListener("click", () => {
  me = null;
  clearTimeout(retry);
  socket?.close();
  show("closed", "Not connected");
});

// --- the socket

function connect() {
  clearTimeout(retry);
  socket?.close();
  $("refusal").hidden = true;
  show("connecting", "Connecting…");
  let said = "";
  let mine;
  try {
    mine = socket = new WebSocket(`${me.server.replace(/^http/, "ws")}/ws/${encodeURIComponent(me.user)}/${me.client}`);
  } catch {
    refuse("This is not the address of a server.");
    return;
  }
  mine.onopen = () => { if (me?.secret) say({ type: "hello", token: me.secret }); };
  mine.onmessage = ({ data }) => {
    if (mine !== socket) return;
    const frame = JSON.parse(data);
    if (frame.type === "error" && frame.id === null) said = frame.error.message;
    heard[frame.type]?.(frame);
  };
  mine.onclose = ({ code }) => {
    if (mine !== socket || !me) return;
    if (code in FINAL) {
      refuse(code === 4403 && said ? said : FINAL[code]);
      return;
    }
    show("reconnecting", "Reconnecting…");
    wait = Math.min(15_000, wait * (1.5 + Math.random() / 2));
    retry = setTimeout(connect, wait);
  };
}

const say = (frame) => socket.send(JSON.stringify(frame));

const heard = {
  connected() {
    wait = 500;
    show("open", "Connected");
    for (const card of cards.values()) card.element.remove();
    cards.clear();
    count();
  },
  approval_request({ request, reason }) {
    put(request, true);
    if (reason !== "waiting") tell(`${reason === "changed" ? "Changed" : "New"}: ${request.title}`);
  },
  approval_update({ request, waits_on_you }) {
    put(request, waits_on_you);
    if (request.outcome) tell(`${OUTCOMES[request.outcome]}: ${request.title}`);
  },
  approval_result({ request }) { put(request, false); },
  notification({ event }) {
    const card = cards.get(event.payload.request);
    if (!card) return;
    const latest = card.element.querySelector(".latest");
    latest.textContent = event.text;
    latest.hidden = false;
    tell(event.text);
  },
  error({ id, error }) {
    const card = [...cards.values()].find((one) => one.asked === id && id !== null);
    if (card) fault(card, error);
  },
  ping({ n }) { say({ type: "pong", n }); },
};

// --- what is shown

function show(state, text) {
  $("state").dataset.state = state;
  $("state").textContent = text;
  const inside = state === "open" || state === "reconnecting";
  form.hidden = inside;
  $("desk").hidden = !inside;
  $("leave").hidden = !inside;
  form.querySelector("button").disabled = state === "connecting";
  if (state === "open" && document.activeElement === document.body) $("leave").focus();
}

function refuse(text) {
  me = null;
  show("refused", "Refused");
  $("refusal").textContent = text;
  $("refusal").hidden = false;
  form.elements.secret.focus();
}

const tell = (text) => { $("news").textContent = text; };

function put(request, waits) {
  let card = cards.get(request.request_id);
  if (!card) {
    const element = $("card").content.firstElementChild.cloneNode(true);
    card = { element, digest: "", asked: null };
    element.querySelector("form").addEventListener("submit", (event) => decide(event, card));
    element.querySelector("h3").id = `title-${request.request_id}`;
    element.setAttribute("aria-labelledby", `title-${request.request_id}`);
    cards.set(request.request_id, card);
  }
  card.request = request;
  const { element } = card;
  element.querySelector("h3").textContent = request.title;
  const risk = element.querySelector(".risk");
  risk.textContent = `${request.risk} risk`;
  risk.dataset.risk = request.risk;
  element.querySelector(".by").textContent = `${request.requested_by.name} proposed it`;
  element.querySelector(".stage").textContent = waits && request.needed > 0
    ? `${request.stage}: ${request.needed} more ${request.needed === 1 ? "approval" : "approvals"}` : "";
  element.querySelector("form").hidden = !waits;
  element.querySelector(".outcome").hidden = waits;
  if (waits) {
    outcome(card, "");
    if (card.digest !== request.view_digest) load(card);
  } else {
    element.querySelector(".fault").hidden = true;
    element.querySelector("details").open = false;
    outcome(card, spoken(request));
  }
  place(card, waits);
  timeLeft(card);
}

function place(card, waits) {
  const list = waits ? $("waiting") : $("done");
  if (card.element.parentElement !== list) {
    const held = card.element.contains(document.activeElement);
    waits ? list.append(card.element) : list.prepend(card.element);
    if (held) ($("waiting").querySelector("article") ?? card.element).focus();
  }
  for (const old of [...$("done").children].slice(SHOWN_LATELY)) {
    old.remove();
    for (const [id, one] of cards) if (one.element === old) cards.delete(id);
  }
  count();
}

function count() {
  const waiting = $("waiting").children.length;
  $("count").textContent = waiting ? `(${waiting})` : "";
  $("empty").hidden = waiting > 0;
  $("done-title").hidden = $("done").children.length === 0;
  document.title = waiting ? `(${waiting}) Approvals` : "Approvals";
}

function spoken(request) {
  if (request.state === "pending") return "Waiting for others.";
  const when = request.decided_at ? new Date(request.decided_at).toLocaleTimeString([], { timeStyle: "short" }) : "";
  const what = OUTCOMES[request.outcome] ?? "Approved, can still be taken back";
  const who = request.decided_by ? ` by ${request.decided_by.name}` : "";
  return [what + who, request.decided_via, when].filter(Boolean).join(" · ");
}

function outcome(card, text) {
  const line = card.element.querySelector(".outcome");
  line.textContent = text;
  line.dataset.outcome = card.request.outcome ?? "";
}

function timeLeft(card) {
  const { due_at, expires_at, outcome: over } = card.request;
  const parts = [["due", due_at], ["ends", expires_at]].filter(([, at]) => at && !over);
  card.element.querySelector(".left").textContent = parts.map(([word, at]) => `${word} ${until(new Date(at) - Date.now())}`).join(", ");
}

function until(milliseconds) {
  const minutes = Math.round(milliseconds / 60_000);
  const size = Math.abs(minutes);
  const [amount, unit] = size < 90 ? [minutes, "minute"] : size < 36 * 60 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(amount, unit);
}
setInterval(() => cards.forEach(timeLeft), 30_000);

// --- what would change

async function load(card) {
  const { request_id, workspace_id, view_digest } = card.request;
  const place = card.element.querySelector(".change");
  const approve = card.element.querySelector("[value=approve]");
  approve.disabled = true;
  place.setAttribute("aria-busy", "true");
  let found;
  try {
    const headers = { "X-Workspace-Id": workspace_id, ...(me.secret && { Authorization: `Bearer ${me.secret}` }) };
    const answer = await fetch(`${me.server}/api/v1/approvals/${request_id}`, { headers });
    found = await answer.json();
    if (!answer.ok) throw new Error(found.error.message);
  } catch (error) {
    place.textContent = `What would change could not be loaded: ${error.message}`;
    place.setAttribute("aria-busy", "false");
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "Try again";
    again.onclick = () => load(card);
    place.append(document.createElement("br"), again);
    return;
  }
  if (card.request.view_digest !== view_digest || found.view_digest !== view_digest) return; // another one is on its way
  place.replaceChildren(...changes(found.change));
  place.setAttribute("aria-busy", "false");
  card.digest = view_digest;
  approve.disabled = found.change === null;
}

function changes(change) {
  if (!change) return [text("p", "What this was about is not there any more.")];
  const parts = [];
  if (change.rationale) parts.push(text("blockquote", change.rationale));
  for (const { verb, target, diff } of change.operations) {
    parts.push(text("h4", `${verb} ${target}`));
    if (diff) parts.push(lines(diff));
  }
  if (change.checks.length) parts.push(checks(change.checks));
  return parts;
}

function checks(found) {
  const failed = found.filter((check) => !check.passed).length;
  const whole = document.createElement("details");
  whole.open = failed > 0;
  const list = document.createElement("ul");
  list.append(...found.map((check) => text("li", `${check.passed ? "✓" : "✗"} ${check.name}${check.text ? `: ${check.text}` : ""}`)));
  whole.append(text("summary", failed ? `${failed} of ${found.length} checks failed` : `All ${found.length} checks passed`), list);
  return whole;
}

function lines(diff) {
  const whole = document.createElement("pre");
  whole.tabIndex = 0;
  const kinds = { "+": "plus", "-": "minus", "@": "place" };
  for (const line of diff.replace(/\n$/, "").split("\n")) {
    const shown = text("span", line || " ");
    if (/^(\+\+\+|---) /.test(line)) shown.className = "place";
    else if (line[0] in kinds) shown.className = kinds[line[0]];
    whole.append(shown);
  }
  return whole;
}

function text(tag, content) {
  const element = document.createElement(tag);
  element.textContent = content;
  return element;
}

// --- deciding

function decide(event, card) {
  event.preventDefault();
  if (socket.readyState !== WebSocket.OPEN) {
    fault(card, { message: "Not connected just now: try again in a moment." });
    return;
  }
  card.element.querySelector(".fault").hidden = true;
  card.asked = ++number;
  say({
    id: card.asked,
    type: "approval_response",
    request_id: card.request.request_id,
    approved: event.submitter.value === "approve",
    comments: card.element.querySelector("textarea").value,
    digest: card.digest || card.request.view_digest,
  });
}

function fault(card, error) {
  const line = card.element.querySelector(".fault");
  line.textContent = error.message;
  line.hidden = false;
}
