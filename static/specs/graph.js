// A picture that is larger than its place: moved by dragging or arrows, nearer by wheel, + and -.
// Without it, it scrolls, and the table says the same.

const STEP = 80;
const FACTOR = 1.25;
const NEAREST = 3;
const LEAST = 0.6;

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

// What part of the picture is seen, so that all of it is.
export function fitted(whole, place) {
  const scale = Math.min(1, place.width / whole.width, place.height / whole.height);
  const width = place.width / scale;
  const height = place.height / scale;
  return {
    x: whole.x - (width - whole.width) / 2,
    y: whole.y - (height - whole.height) / 2,
    width,
    height,
  };
}

// What is seen first: all of it, unless nobody could read it then; its beginning instead.
export function first(whole, place) {
  const all = fitted(whole, place);
  if (all.width <= place.width / LEAST) return all;
  return { x: whole.x, y: whole.y, width: place.width / LEAST, height: place.height / LEAST };
}

// Nearer or farther, where what is under a point stays there.
export function scaled(view, whole, place, factor, at) {
  const least = place.width / NEAREST;
  const most = Math.max(fitted(whole, place).width, least);
  const width = clamp(view.width / factor, least, most);
  const height = (width / view.width) * view.height;
  return {
    x: view.x + (view.width - width) * at.x,
    y: view.y + (view.height - height) * at.y,
    width,
    height,
  };
}

// No farther than to where the middle of what is seen leaves the picture.
export function moved(view, whole, across, down) {
  return {
    ...view,
    x: clamp(view.x + across, whole.x - view.width / 2, whole.x + whole.width - view.width / 2),
    y: clamp(view.y + down, whole.y - view.height / 2, whole.y + whole.height - view.height / 2),
  };
}

function start(region) {
  const svg = region.querySelector("svg");
  const { x, y, width, height } = svg.viewBox.baseVal;
  const whole = { x, y, width, height };
  const place = () => ({ width: region.clientWidth, height: region.clientHeight });
  let view;

  function show(next) {
    view = next;
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  }

  const middle = { x: 0.5, y: 0.5 };
  const zoom = (factor, at = middle) => show(scaled(view, whole, place(), factor, at));
  const pan = (across, down) => {
    const unit = view.width / region.clientWidth;
    show(moved(view, whole, across * unit, down * unit));
  };
  const keys = {
    ArrowLeft: () => pan(-STEP, 0),
    ArrowRight: () => pan(STEP, 0),
    ArrowUp: () => pan(0, -STEP),
    ArrowDown: () => pan(0, STEP),
    "+": () => zoom(FACTOR),
    "=": () => zoom(FACTOR),
    "-": () => zoom(1 / FACTOR),
    0: () => show(fitted(whole, place())),
  };

  region.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  region.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = svg.getBoundingClientRect();
      const at = { x: (event.clientX - box.x) / box.width, y: (event.clientY - box.y) / box.height };
      zoom(event.deltaY < 0 ? FACTOR : 1 / FACTOR, at);
    },
    { passive: false },
  );

  const held = new Map();
  let dragged = 0;
  svg.addEventListener("pointerdown", (event) => {
    held.set(event.pointerId, event);
    dragged = 0;
  });
  region.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const across = before.clientX - event.clientX;
    const down = before.clientY - event.clientY;
    dragged += Math.abs(across) + Math.abs(down);
    if (dragged < 4) return;
    if (!region.hasPointerCapture(event.pointerId)) region.setPointerCapture(event.pointerId);
    if (held.size === 2) zoom(pinched(held, event), middle);
    else pan(across, down);
    held.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    region.addEventListener(end, (event) => held.delete(event.pointerId));
  }
  // Whoever dragged did not mean to follow the link they happened to hold.
  region.addEventListener("click", (event) => dragged >= 4 && event.preventDefault(), true);
  svg.addEventListener("dragstart", (event) => event.preventDefault());

  function mark(box) {
    const number = box?.dataset.box;
    svg.classList.toggle("marking", number !== undefined);
    for (const line of svg.querySelectorAll("path")) {
      line.classList.toggle("marked", [line.dataset.from, line.dataset.to].includes(number));
    }
  }
  svg.addEventListener("pointerover", (event) => mark(event.target.closest("[data-box]")));
  svg.addEventListener("pointerleave", () => mark(null));

  region.classList.add("moves");
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  show(first(whole, place()));
  const keepShape = () => show({ ...view, height: (view.width * region.clientHeight) / region.clientWidth });
  new ResizeObserver(keepShape).observe(region);
  document.querySelector("[data-keys]").hidden = false;
}

function pinched(held, event) {
  const [one, other] = [...held.values()];
  const apart = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
  const still = one.pointerId === event.pointerId ? other : one;
  return apart(event, still) / apart(one, other);
}

const region = document.querySelector("[data-graph]");
if (region) start(region);
