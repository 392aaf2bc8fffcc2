// The slider of revisions: it says where it stands while it moves, and shows that when it is let go.
// By the keyboard it may go far: Enter shows it.

const form = document.querySelector("form[data-moment]");

if (form) {
  const slider = form.querySelector("input[type=range]");
  const told = form.querySelector("output");
  const before = slider.value;
  slider.addEventListener("input", () => {
    told.textContent = slider.value === slider.max ? "now" : `revision ${slider.value}`;
  });
  slider.addEventListener("pointerup", () => slider.value !== before && form.requestSubmit());
  slider.addEventListener("keydown", (event) => event.key === "Enter" && form.requestSubmit());
}
