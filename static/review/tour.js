// The tour: five steps, each beside the element that has its name as data-tour. A step whose place
// is not on this page is left out; those of a request's page go on after the queue.

const GAP = 12;
const EDGE = 16;
const KEPT = "lattice-tour";

// Of the steps' names those that have a place here, from one on, in this direction.
export function following(names, places, from, direction) {
  for (let at = from + direction; at >= 0 && at < names.length; at += direction)
    if (places.has(names[at])) return at;
  return -1;
}

// Below its place if there is room, else above it, else over its end; never beyond the window.
export function placed(place, card, view) {
  const within = (wanted, size, room) => Math.max(EDGE, Math.min(wanted, room - size - EDGE));
  const below = place.bottom + GAP;
  const above = place.top - GAP - card.height;
  const fits = below + card.height + EDGE <= view.height;
  const top = fits ? below : above >= EDGE ? above : place.bottom - card.height - GAP;
  return { left: within(place.left, card.width, view.width), top: within(top, card.height, view.height) };
}

class Tour {
  constructor(card) {
    this.card = card;
    this.steps = [...card.querySelectorAll("template[data-step]")];
    this.names = this.steps.map((step) => step.dataset.step);
    this.at = -1;
    for (const button of card.querySelectorAll("[data-go]"))
      button.addEventListener("click", () => this[button.dataset.go]());
    card.addEventListener("keydown", (press) => {
      if (press.key === "Escape") this.end();
      if (press.key === "ArrowRight") this.next();
      if (press.key === "ArrowLeft") this.back();
    });
    for (const moved of ["scroll", "resize"])
      addEventListener(moved, () => this.at >= 0 && this.place(), { capture: true, passive: true });
  }

  placeOf(name) {
    const found = [...document.querySelectorAll(`[data-tour~="${name}"]`)];
    return found.find((element) => element.checkVisibility());
  }

  get places() {
    return new Set(this.names.filter((name) => this.placeOf(name)));
  }

  // Whether there is more to show than one step, for who did not ask.
  get isWorthIt() {
    const last = this.placeOf(this.names[0]);
    return this.places.size > 1 || Boolean(last?.querySelector("a[href]"));
  }

  // Where the tour goes on when the rest of it is on another page: the first link of its last place.
  get onward() {
    const rest = this.names.slice(this.at + 1);
    return rest.length ? this.anchor?.querySelector("a[href]")?.href : undefined;
  }

  begin(from = 0) {
    const first = following(this.names, this.places, from - 1, 1);
    if (first < 0) return;
    this.before ??= document.activeElement;
    this.show(first);
  }

  show(at) {
    this.leave();
    this.at = at;
    this.anchor = this.placeOf(this.names[at]);
    this.anchor.classList.add("toured");
    const [title, text] = this.steps[at].content.children;
    this.card.querySelector("h3").replaceChildren(...title.cloneNode(true).childNodes);
    this.card.querySelector("#tour-text").replaceChildren(...text.cloneNode(true).childNodes);
    this.card.querySelector(".place").textContent = `${at + 1} of ${this.names.length}`;
    const places = this.places;
    const more = following(this.names, places, at, 1) >= 0 || this.onward;
    this.card.querySelector("[data-go=next]").textContent = more ? "Next" : "Done";
    this.card.querySelector("[data-go=back]").hidden = following(this.names, places, at, -1) < 0;
    this.card.querySelector("[data-go=end]").hidden = !more;
    this.card.hidden = false;
    this.anchor.scrollIntoView({ block: "nearest" });
    this.place();
    this.card.focus({ preventScroll: true });
  }

  place() {
    const view = { width: document.documentElement.clientWidth, height: innerHeight };
    const { left, top } = placed(this.anchor.getBoundingClientRect(), this.card.getBoundingClientRect(), view);
    Object.assign(this.card.style, { left: `${left}px`, top: `${top}px` });
  }

  next() {
    const further = following(this.names, this.places, this.at, 1);
    if (further >= 0) return this.show(further);
    if (!this.onward) return this.end();
    sessionStorage.setItem(KEPT, this.at + 1);
    location.assign(this.onward);
  }

  back() {
    const earlier = following(this.names, this.places, this.at, -1);
    if (earlier >= 0) this.show(earlier);
  }

  end() {
    this.leave();
    this.at = -1;
    this.card.hidden = true;
    this.before?.focus();
    this.before = undefined;
    const form = this.card.querySelector("form");
    if (this.card.dataset.seen === "yes") return;
    this.card.dataset.seen = "yes";
    fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true });
  }

  leave() {
    this.anchor?.classList.remove("toured");
  }
}

const card = document.querySelector(".tour");
if (card) {
  const tour = new Tour(card);
  const kept = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  const asked = new URLSearchParams(location.search).has("tour");
  if (kept) tour.begin(Number(kept));
  else if (asked || (card.dataset.seen === "no" && tour.isWorthIt)) tour.begin();
  document.addEventListener("click", (click) => {
    const start = click.target.closest?.("[data-tour-start]");
    if (!start) return;
    start.closest("dialog")?.close();
    tour.begin();
  });
}
