/** It stands in a button, where a link would be one too many. */
const plainText = (_, system) => ({ text }) => system.React.createElement("span", null, text);

/** What Swagger UI gives no name that could be read out. */
const NAMES = {
  "#servers": "Server",
  ".examples-select-element": "Example",
  ".close-modal": "Close",
};

new MutationObserver(() => {
  for (const [unnamed, name] of Object.entries(NAMES)) {
    for (const found of document.querySelectorAll(`${unnamed}:not([aria-label])`)) {
      found.setAttribute("aria-label", name);
    }
  }
}).observe(document.getElementById("api"), { childList: true, subtree: true });

SwaggerUIBundle({
  url: document.getElementById("api").dataset.schema,
  dom_id: "#api",
  deepLinking: true,
  persistAuthorization: false,
  plugins: [{ wrapComponents: { DeepLink: plainText } }],
});
