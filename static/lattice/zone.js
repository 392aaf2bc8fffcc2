// Offers the zone that this browser's clock is in.
const field = document.getElementById("id_time_zone");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (here && here !== field.value) {
  const offer = document.createElement("button");
  offer.type = "button";
  offer.className = "quiet";
  offer.textContent = `Use ${here}, as this browser does`;
  offer.addEventListener("click", () => {
    field.value = here;
    field.focus();
  });
  field.form.querySelector(".actions").append(offer);
}
