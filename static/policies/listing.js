// Colours for a policy's text that is only read.

import { pieces } from "./yaml.js";

for (const line of document.querySelectorAll(".listing code")) {
  const spans = pieces(line.textContent).map(({ text, classes }) =>
    classes ? Object.assign(document.createElement("span"), { className: classes, textContent: text }) : text,
  );
  line.replaceChildren(...spans);
}
