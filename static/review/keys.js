// The keys of the review console, from one place: "j", "Shift+x", "Mod+Enter", or one after the other
// as "g q". They hold nowhere where somebody writes, nor in a dialog, and leave Enter and space to
// what is focused. They are caught before the admin's own, of which all but `?` are left alone.

const PATIENCE = 1_500;
const WRITES = "input, select, textarea, [contenteditable]:not([contenteditable=false])";
const PRESSES = "button, a[href], summary, [role=button], [role=tab], [role=link]";
const MODIFIERS = ["Control", "Meta", "Alt", "Shift", "AltGraph", "CapsLock", "Dead", "Process"];

// "X" with Shift is "Shift+x", with caps lock alone "x"; what only Shift can write, as "?", is itself.
export function nameOf({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  if (key === undefined || MODIFIERS.includes(key)) return "";
  const single = [...key].length === 1;
  const letter = single && key.toLowerCase() !== key.toUpperCase();
  const name = key === " " ? "Space" : letter ? key.toLowerCase() : key;
  const parts = [(ctrlKey || metaKey) && "Mod", altKey && "Alt", shiftKey && (letter || !single) && "Shift"];
  return [...parts.filter(Boolean), name].join("+");
}

// What was pressed before may begin a sequence: which of the names is complete now, and what is
// left to wait for.
export function step(names, before, pressed) {
  for (const told of before ? [`${before} ${pressed}`, pressed] : [pressed]) {
    if (names.includes(told)) return { found: told, waits: "" };
    if (names.some((name) => name.startsWith(`${told} `))) return { found: "", waits: told };
  }
  return { found: "", waits: "" };
}

export function isMeantElsewhere(press) {
  const target = press.target instanceof Element ? press.target : document.body;
  if (press.isComposing || press.defaultPrevented) return true;
  if (target.closest(WRITES) || target.isContentEditable) return true;
  if (target.closest("dialog, [role=dialog]") || document.querySelector("dialog:modal")) return true;
  return ["Enter", " "].includes(press.key) && !press.ctrlKey && !press.metaKey && target.closest(PRESSES) !== null;
}

const bound = [];
let before = "";
let forget;

// As long as `root` is on the page. Of two that bind the same key, the later has it. Answers how to
// let go of it.
export function bind(map, { root = document.documentElement } = {}) {
  const one = { map, root };
  bound.unshift(one);
  return () => bound.includes(one) && bound.splice(bound.indexOf(one), 1);
}

function pressed(press) {
  const name = nameOf(press);
  if (!name || isMeantElsewhere(press)) return;
  const here = bound.filter(({ root }) => root === document || root.isConnected);
  const { found, waits } = step(here.flatMap(({ map }) => Object.keys(map)), before, name);
  clearTimeout(forget);
  before = waits;
  forget = setTimeout(() => (before = ""), PATIENCE);
  if (!found && !waits) return;
  press.preventDefault();
  press.stopImmediatePropagation();
  if (found) here.find(({ map }) => Object.hasOwn(map, found)).map[found](press);
}

addEventListener("keydown", pressed, { capture: true });

// The list of them, which every page of the console has, and the places that have a key.
const help = document.querySelector("dialog[data-keys]");
if (help) {
  const places = [...help.querySelectorAll("a[data-key]")];
  bind({
    "?": () => help.showModal(),
    ...Object.fromEntries(places.map((link) => [link.dataset.key, () => link.click()])),
  });
}
