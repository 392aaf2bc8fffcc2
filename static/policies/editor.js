// A textarea that shows what it holds as code: numbered lines, colours, faults where they are, and
// completion. The textarea stays what it is for keyboards, screen readers and the undo of the browser.

import { contextAt, suggestions } from "./completing.js";
import { changed, indentAfter, pieces } from "./yaml.js";

const UNIT = "  ";

export class Editor extends EventTarget {
  #lines = [];
  #faults = new Map();
  #typed = false;
  #leaving = false;
  #schema = null;
  #waiting = ""; // "asked" or "written" before the schema had come
  #open = null;

  constructor(root) {
    super();
    this.root = root;
    this.area = root.querySelector("textarea");
    this.gutter = root.querySelector(".gutter");
    this.back = root.querySelector(".looks");
    this.list = root.querySelector("[role=listbox]");
    this.spoken = root.querySelector(".spoken");
    this.area.addEventListener("input", (event) => this.#changed(event));
    this.area.addEventListener("keydown", (event) => this.#press(event));
    this.area.addEventListener("blur", () => this.#shut());
    this.area.addEventListener("focus", () => (this.#typed = this.#leaving = false));
    this.area.addEventListener("click", () => this.#shut());
    document.addEventListener("selectionchange", () => this.#selected());
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const chosen = event.target.closest("[role=option]");
      if (chosen) this.#accept(Number(chosen.dataset.number));
    });
    this.gutter.addEventListener("click", ({ target }) => {
      const line = [...this.gutter.children].indexOf(target.closest("div"));
      if (line >= 0) this.goTo(line + 1, 1);
    });
    this.area.wrap = "off";
    root.classList.add("ready");
    this.#draw();
  }

  get value() {
    return this.area.value;
  }

  /** A place in the text, counted from 1: the cursor goes there and it is seen. */
  goTo(line, column = 1) {
    const before = this.#lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    const at = before + Math.min(column - 1, (this.#lines[line - 1] ?? "").length);
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(at, at);
    this.#reveal(line);
    this.root.scrollIntoView({ block: "nearest" });
  }

  /** Faults as the server tells them, each with line, column and message. */
  show(faults) {
    const lines = new Set(this.#faults.keys());
    this.#faults = Map.groupBy ? Map.groupBy(faults, ({ line }) => line) : grouped(faults);
    for (const line of this.#faults.keys()) lines.add(line);
    for (const line of lines) this.#drawLine(line - 1);
    this.area.setAttribute("aria-invalid", faults.length > 0);
  }

  completeBy(schema) {
    this.#schema = schema;
    const waiting = this.#waiting;
    this.#waiting = "";
    if (waiting && document.activeElement === this.area) this.#suggest(waiting === "asked");
  }

  // --- how it looks

  #draw() {
    const lines = this.area.value.split("\n");
    const { from, removed, added } = changed(this.#lines, lines);
    this.#lines = lines;
    for (let count = 0; count < removed; count += 1) this.back.children[from].remove();
    const drawn = added.map(() => document.createElement("div"));
    this.back.insertBefore(fragment(drawn), this.back.children[from] ?? null);
    while (this.gutter.children.length > lines.length) this.gutter.lastElementChild.remove();
    while (this.gutter.children.length < lines.length) {
      const number = document.createElement("div");
      number.textContent = this.gutter.children.length + 1;
      this.gutter.append(number);
    }
    added.forEach((_, offset) => this.#drawLine(from + offset));
  }

  #drawLine(at) {
    const place = this.back.children[at];
    if (!place) return;
    const faults = this.#faults.get(at + 1) ?? [];
    const spans = pieces(this.#lines[at], faults).map(({ text, classes }) => {
      if (!classes) return document.createTextNode(text);
      return Object.assign(document.createElement("span"), { className: classes, textContent: text });
    });
    place.replaceChildren(...(spans.length ? spans : [document.createElement("br")]));
    place.classList.toggle("faulty", faults.length > 0);
    this.gutter.children[at].classList.toggle("faulty", faults.length > 0);
    this.gutter.children[at].title = faults.map(({ message }) => message).join("\n");
  }

  #reveal(line) {
    const place = this.back.children[line - 1];
    if (!place) return;
    const { height } = this.root.querySelector(".sheet").getBoundingClientRect();
    const sheet = this.root.querySelector(".sheet");
    const top = place.offsetTop;
    if (top < sheet.scrollTop || top + place.offsetHeight > sheet.scrollTop + height)
      sheet.scrollTop = Math.max(0, top - height / 3);
    for (const each of this.back.querySelectorAll(".present")) each.classList.remove("present");
    place.classList.add("present");
  }

  #selected() {
    if (document.activeElement !== this.area) return;
    const line = this.area.value.slice(0, this.area.selectionStart).split("\n").length;
    const place = this.back.children[line - 1];
    if (place?.classList.contains("present")) return;
    for (const each of this.back.querySelectorAll(".present")) each.classList.remove("present");
    place?.classList.add("present");
    this.dispatchEvent(new CustomEvent("moved", { detail: { line } }));
  }

  // --- writing

  #changed(event) {
    this.#typed = true;
    this.#draw();
    this.dispatchEvent(new Event("changed"));
    const word = event.inputType === "insertText" && /[\w.]/.test(event.data ?? "");
    if (word) this.#suggest(false);
    else if (this.#open && event.inputType === "deleteContentBackward") this.#suggest(this.#open.asked);
    else if (event.inputType) this.#shut();
  }

  #press(event) {
    if (event.isComposing || this.area.readOnly) return;
    if (event.key === " " && event.ctrlKey) return this.#take(event, () => this.#suggest(true));
    if (this.#open && this.#pressInList(event)) return;
    if (event.key === "Escape") {
      this.#leaving = true;
      this.#say("Tab leaves the editor now.");
      return;
    }
    if (event.key === "Tab" && this.#typed && !this.#leaving && !event.ctrlKey && !event.altKey && !event.metaKey)
      return this.#take(event, () => this.#indent(event.shiftKey));
    if (!["Shift", "Tab"].includes(event.key)) this.#leaving = false;
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey)
      this.#take(event, () => this.#newLine());
  }

  #take(event, act) {
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  // By the browser's own editing where it can, so that undo knows of it.
  #put(text, from = this.area.selectionStart, to = this.area.selectionEnd) {
    this.area.setSelectionRange(from, to);
    const done = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
    if (!done) {
      this.area.setRangeText(text, from, to, "end");
      this.area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  #newLine() {
    const before = this.area.value.slice(0, this.area.selectionStart);
    this.#put(`\n${indentAfter(before.slice(before.lastIndexOf("\n") + 1))}`);
  }

  #indent(back) {
    const { value, selectionStart: start, selectionEnd: end } = this.area;
    if (!back && start === end) return this.#put(UNIT);
    const from = value.lastIndexOf("\n", start - 1) + 1;
    const to = value.indexOf("\n", Math.max(end - 1, from)) < 0 ? value.length : value.indexOf("\n", Math.max(end - 1, from));
    const lines = value.slice(from, to).split("\n");
    const moved = lines.map((line) => (back ? line.replace(/^ {1,2}/, "") : line && UNIT + line)).join("\n");
    if (moved === value.slice(from, to)) return undefined;
    this.#put(moved, from, to);
    const first = moved.split("\n")[0].length - lines[0].length;
    if (start === end) this.area.setSelectionRange(Math.max(from, start + first), Math.max(from, start + first));
    else this.area.setSelectionRange(from, from + moved.length);
    return undefined;
  }

  #say(text) {
    this.spoken.textContent = text;
  }

  // --- completion

  // `asked`: somebody wants it, so the first one is chosen; else Enter goes on writing.
  #suggest(asked) {
    if (this.area.readOnly || this.area.selectionStart !== this.area.selectionEnd) return;
    if (!this.#schema) {
      this.#waiting = asked ? "asked" : "written";
      return;
    }
    const context = contextAt(this.area.value, this.area.selectionStart);
    const found = suggestions(this.#schema, context);
    const written = found.length === 1 && found[0].label === context.prefix;
    if (!found.length || (!asked && (written || !context.prefix))) {
      this.#shut();
      if (asked) this.#say("Nothing to suggest here.");
      return;
    }
    this.#open = { context, found, asked, at: -1 };
    this.list.replaceChildren(...found.map(option));
    this.list.hidden = false;
    this.area.setAttribute("aria-controls", this.list.id);
    this.#choose(asked ? 0 : -1);
    this.#place(context.from);
    const count = found.length === 1 ? "One suggestion" : `${found.length} suggestions`;
    if (!asked) this.#say(`${count}: arrow down to choose.`);
    else this.#say(`${count}.`);
  }

  #pressInList(event) {
    const { found, at } = this.#open;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      const next = at < 0 && step < 0 ? found.length - 1 : (at + step + found.length) % found.length;
      this.#take(event, () => this.#choose(next));
    } else if (event.key === "Escape") this.#take(event, () => this.#shut());
    else if ((event.key === "Enter" || event.key === "Tab") && at >= 0) this.#take(event, () => this.#accept(at));
    else {
      if (!event.key.match(/^.$|Shift|Backspace/u) || event.ctrlKey || event.metaKey) this.#shut();
      return false;
    }
    return true;
  }

  #choose(at) {
    this.#open.at = at;
    [...this.list.children].forEach((each, number) => each.setAttribute("aria-selected", number === at));
    const chosen = this.list.children[at];
    if (!chosen) return this.area.removeAttribute("aria-activedescendant");
    this.area.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
    return undefined;
  }

  #accept(number) {
    const { context, found } = this.#open;
    const { insert, back } = found[number];
    this.#shut();
    this.#put(insert, context.from, context.to);
    if (back) {
      const at = this.area.selectionStart - back;
      this.area.setSelectionRange(at, at);
    }
    const wanted = contextAt(this.area.value, this.area.selectionStart).kind;
    if (wanted === "value" || wanted === "item") this.#suggest(true);
  }

  #shut() {
    if (!this.#open) return;
    this.#open = null;
    this.list.hidden = true;
    this.area.removeAttribute("aria-activedescendant");
    this.area.removeAttribute("aria-controls");
  }

  // Below the word that is written, or above where there is no room below.
  #place(from) {
    const before = this.area.value.slice(0, from);
    const line = this.back.children[before.split("\n").length - 1];
    const around = this.root.getBoundingClientRect();
    const word = rectIn(line, from - before.lastIndexOf("\n") - 1);
    const { width, height } = this.list.getBoundingClientRect();
    const left = Math.max(4, Math.min(word.left - around.left, around.width - width - 4));
    const isRoom = word.bottom + height < innerHeight || word.top < height;
    this.list.style.left = `${left}px`;
    this.list.style.top = `${isRoom ? word.bottom - around.top + 2 : word.top - around.top - height - 2}px`;
  }
}

function grouped(faults) {
  const found = new Map();
  for (const fault of faults) found.set(fault.line, [...(found.get(fault.line) ?? []), fault]);
  return found;
}

function fragment(nodes) {
  const made = document.createDocumentFragment();
  made.append(...nodes);
  return made;
}

function option({ label, about, type, needed }, number) {
  const row = document.createElement("li");
  row.id = `suggestion-${number}`;
  row.role = "option";
  row.dataset.number = number;
  const name = Object.assign(document.createElement("b"), { textContent: label });
  const said = [type, needed ? "needed" : ""].filter(Boolean).join(", ");
  const what = Object.assign(document.createElement("i"), { textContent: said });
  const why = Object.assign(document.createElement("small"), { textContent: about });
  row.append(name, " ", what, " ", why);
  return row;
}

// Where the character is that stands there in this line.
function rectIn(line, column) {
  let left = column;
  const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (left <= node.length) {
      const range = document.createRange();
      range.setStart(node, left);
      range.collapse(true);
      const rect = range.getBoundingClientRect();
      return rect.height ? rect : line.getBoundingClientRect();
    }
    left -= node.length;
  }
  const { left: start, top, bottom } = line.getBoundingClientRect();
  return { left: start, top, bottom };
}
