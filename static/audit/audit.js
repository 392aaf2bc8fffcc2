// A long chain takes a moment to be read: the button says so, and is not pressed twice.

const form = document.querySelector("form[data-verify]");

form?.addEventListener("submit", () => {
  const button = form.querySelector("button");
  button.textContent = "Verifying …";
  button.disabled = true;
});

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
