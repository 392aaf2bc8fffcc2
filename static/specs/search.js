// Arrow keys go from the words that are looked for through what was found, and back.

const field = document.querySelector("[data-search] input[type=search]");
const places = [field, ...document.querySelectorAll("[data-hits] li > a")];

// The admin shows its pages only when a script has dressed them: what is hidden takes no focus.
function begin() {
  field.focus();
  if (document.activeElement !== field) requestAnimationFrame(begin);
}
if (!field.value) begin();

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const here = places.indexOf(document.activeElement);
  if (!step || here < 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const next = places[here + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
