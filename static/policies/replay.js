// A replay, some acts at a time: how far it is, and every verdict that would be another one.

const root = document.querySelector("[data-replay]");
const bar = root.querySelector("progress");
const said = root.querySelector(".said");
const rows = root.querySelector(".flips");
const template = document.getElementById("flip");
const stop = root.querySelector(".stop");
const counts = { compared: 0, unreadable: 0, flipped: 0, shifted: 0 };

let stopped = false;

async function step(cursor) {
  const url = new URL(root.dataset.step, location.href);
  url.search = new URLSearchParams({ ...JSON.parse(root.dataset.asked), ...(cursor ? { cursor } : {}) });
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (answer.redirected) throw new Error("You are logged out: load the page again.");
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error.message);
  return found;
}

function flipRow({ change, before, after, act }) {
  const row = template.content.firstElementChild.cloneNode(true);
  const fill = (name, text) => (row.querySelector(name).textContent = text);
  const link = row.querySelector("a");
  link.href = act.url;
  link.textContent = act.what;
  fill(".who", act.who);
  const time = row.querySelector("time");
  time.dateTime = act.at;
  time.textContent = act.when;
  for (const [name, verdict] of [["before", before], ["after", after]]) {
    const badge = row.querySelector(`.${name} .effect`);
    badge.textContent = verdict.said;
    badge.classList.add(verdict.effect);
    fill(`.${name} .why`, verdict.why);
  }
  row.dataset.change = change;
  return row;
}

const counted = (number, noun) => `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;

function summary(done) {
  const seen = counts.compared + counts.unreadable;
  const parts = [`${done ? "Done" : stopped ? "Stopped" : "Judging"}: ${counted(seen, "act")} of ${bar.max.toLocaleString()}`];
  parts.push(counts.flipped ? `${counted(counts.flipped, "verdict")} would flip` : done ? "no verdict would flip" : "none flipped so far");
  if (counts.shifted) parts.push(`${counts.shifted.toLocaleString()} would ask others`);
  if (counts.unreadable) parts.push(`${counts.unreadable.toLocaleString()} can no longer be read`);
  return `${parts.join("; ")}.`;
}

async function run() {
  let cursor = null;
  do {
    const found = await step(cursor);
    if (cursor === null) bar.max = Math.max(found.total, 1);
    for (const flip of found.flips) {
      counts[flip.change === "effect" ? "flipped" : "shifted"] += 1;
      rows.append(flipRow(flip));
    }
    counts.compared += found.compared;
    counts.unreadable += found.unreadable;
    bar.value = counts.compared + counts.unreadable;
    rows.closest("section").hidden = !rows.children.length;
    cursor = found.next;
    said.textContent = summary(cursor === null);
  } while (cursor !== null && !stopped);
  if (cursor === null) bar.value = bar.max;
}

stop.addEventListener("click", () => {
  stopped = true;
  stop.hidden = true;
});

try {
  await run();
} catch (failure) {
  said.textContent = failure.message || "The server cannot be reached: try again.";
  root.classList.add("failed");
}
stop.hidden = true;
root.dataset.replay = "done";
