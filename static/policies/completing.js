// Where the cursor stands in a policy's YAML, and what the JSON Schema allows there.
// Tolerant, as the text is being written. Nothing here touches the page.

const KEY = /^("[^"]*"|'[^']*'|[^\s\-#{}[\],"':][^:#{}[\],]*|-[^\s:#{}[\],][^:#{}[\],]*)\s*:(?=\s|$)/;
const bare = (text) => text.trim().replace(/^(["'])(.*)\1$/, "$2");
const indentOf = (line) => line.length - line.trimStart().length;

/**
 * `kind` says what belongs at the cursor: a "key", a "value", an "item" of a list that is begun,
 * what a field "holds" that has nothing yet, or a "new" item of a list; null: nothing we know of.
 * `from` and `to` are what a suggestion replaces, `prefix` is what stands there before the cursor.
 */
export function contextAt(text, offset) {
  return new Scan(text, offset).found();
}

class Scan {
  constructor(text, offset) {
    this.text = text;
    this.offset = offset;
    this.context = null;
    this.names = [];
    this.stack = [{ kind: "map", indent: 0, path: [], keys: new Set(), pending: null }];
    this.readLines();
  }

  found() {
    const nothing = { kind: null, path: [], prefix: "", from: this.offset, to: this.offset };
    const { keys = [], own, ...context } = this.context ?? nothing;
    return { ...context, keys: [...keys].filter((key) => key !== own), names: this.names };
  }

  get top() {
    return this.stack.at(-1);
  }

  isHere(start, end) {
    return this.offset >= start && this.offset <= end;
  }

  capture(kind, path, from, more = {}) {
    const start = Math.min(from, this.offset);
    const prefix = this.text.slice(start, this.offset);
    this.context ??= { kind, path, prefix, from: start, to: this.offset, flow: false, column: 0, ...more };
  }

  readLines() {
    let start = 0;
    let within = null; // the indent of the field whose block of text this is
    while (start <= this.text.length) {
      const end = (this.text.indexOf("\n", start) + 1 || this.text.length + 1) - 1;
      const line = this.text.slice(start, end);
      const indent = indentOf(line);
      if (within !== null && (line.trim() === "" || indent > within)) {
        const outside = line.trim() === "" && this.isHere(start, end) && this.offset - start <= within;
        if (outside) this.atBlank(this.offset - start);
        start = end + 1;
        continue;
      }
      within = null;
      let next = end + 1;
      if (line.trim() === "") {
        if (this.isHere(start, end)) this.atBlank(this.offset - start);
      } else if (line[indent] !== "#") {
        const read = this.readContent(indent, line.slice(indent), start + indent);
        if (read?.block) within = read.indent;
        if (read?.end > end) next = (this.text.indexOf("\n", read.end) + 1 || this.text.length + 1);
      }
      start = next;
    }
  }

  // --- lines that make blocks

  unwind(stack, column, dash = false) {
    while (stack.length > 1) {
      const { indent, kind } = stack.at(-1);
      if (indent < column || (indent === column && (kind === "map" || dash))) return;
      stack.pop();
    }
  }

  readContent(column, rest, start) {
    const dash = /^-(\s|$)/.test(rest);
    this.unwind(this.stack, column, dash);
    if (dash) return this.readDash(column, rest, start);
    const { top } = this;
    if (top.kind === "seq") {
      if (!top.open) return null;
      top.open = false;
      this.push("map", column, [...top.path, top.index]);
    } else if (top.indent < column) {
      if (top.pending === null) return null; // a text that goes on
      this.push("map", column, [...top.path, top.pending]);
    }
    return this.readPair(this.top, rest, start);
  }

  readDash(column, rest, start) {
    const { top } = this;
    if (top.kind === "map" && top.pending !== null) this.push("seq", column, [...top.path, top.pending]);
    const list = this.top;
    if (list.kind !== "seq" || list.indent !== column) return null;
    list.index += 1;
    const path = [...list.path, list.index];
    const gap = indentOf(rest.slice(1));
    const inner = rest.slice(1 + gap);
    const at = start + 1 + gap;
    if (inner === "") {
      list.open = true;
      if (this.offset > start && this.offset <= at)
        this.capture("item", path, this.offset, { column: column + 2, lead: gap ? "" : " " });
      return null;
    }
    if (/^[{[]/.test(inner)) return { end: this.readFlow(at, path, column) };
    if (KEY.test(inner)) {
      this.push("map", column + 1 + gap, path);
      return this.readPair(this.top, inner, at);
    }
    if (this.isHere(at, at + inner.length)) this.capture("item", path, at, { column: column + 1 + gap });
    return null;
  }

  push(kind, indent, path) {
    this.stack.push({ kind, indent, path, keys: new Set(), pending: null, index: -1, open: false });
  }

  readPair(map, rest, start) {
    const found = KEY.exec(rest);
    if (!found) {
      if (this.isHere(start, start + rest.length))
        this.capture("key", map.path, start, { column: map.indent, keys: map.keys });
      return null;
    }
    const key = bare(found[1]);
    const colon = start + found[0].length - 1;
    map.keys.add(key);
    map.pending = null;
    if (this.isHere(start, colon)) {
      const more = { column: map.indent, keys: map.keys, own: key, to: colon, named: true };
      this.capture("key", map.path, start, more);
    }
    const after = this.text.slice(colon + 1, start + rest.length);
    const gap = indentOf(after);
    const value = after.slice(gap).replace(/(^|\s)#.*$/, "$1").trimEnd();
    const at = colon + 1 + gap;
    const path = [...map.path, key];
    if (value === "") {
      map.pending = key;
      if (this.offset > colon && this.offset <= at)
        this.capture("value", path, this.offset, { column: map.indent, lead: gap ? "" : " " });
    } else if (/^[|>]/.test(value)) return { block: true, indent: map.indent };
    else if (/^[{[]/.test(value)) return { end: this.readFlow(at, path, map.indent) };
    else {
      this.note(path, value);
      if (this.isHere(at, at + value.length))
        this.capture("value", path, at, { column: map.indent, to: at + value.length });
    }
    return null;
  }

  note(path, value) {
    if (path.length === 3 && path[0] === "rules" && path[2] === "name") this.names.push(bare(value));
  }

  atBlank(column) {
    const stack = [...this.stack];
    this.unwind(stack, column, true);
    const top = stack.at(-1);
    const more = { column, keys: top.keys };
    if (top.kind === "seq") {
      if (top.indent === column) this.capture("new", [...top.path, top.index + 1], this.offset, { column });
      else if (top.open) this.capture("key", [...top.path, top.index], this.offset, { column });
    } else if (top.indent === column) this.capture("key", top.path, this.offset, more);
    else if (top.pending !== null) this.capture("holds", [...top.path, top.pending], this.offset, { column });
  }

  // --- what stands in { } and [ ], on one line or several

  readFlow(start, path, indent) {
    const frames = [];
    let at = start;
    const open = (kind, inside) =>
      frames.push({ kind, path: inside, keys: new Set(), key: null, index: 0, from: at + 1, closed: false });
    const where = (frame) => (frame.kind === "map" ? [...frame.path, frame.key] : [...frame.path, frame.index]);
    for (; at <= this.text.length; at += 1) {
      if (at === this.offset && frames.length) this.captureFlow(frames.at(-1), where, indent);
      const one = this.text[at];
      const frame = frames.at(-1);
      if (one === undefined) break;
      if (one === "{" || one === "[") open(one === "{" ? "map" : "seq", frame ? where(frame) : path);
      else if (one === "}" || one === "]") {
        this.endEntry(frame, at);
        frames.pop();
        if (!frames.length) return at;
        frames.at(-1).closed = true;
      } else if (one === '"' || one === "'") at = this.endOfQuote(at, one);
      else if (one === ",") {
        this.endEntry(frame, at);
        Object.assign(frame, { key: null, index: frame.index + 1, from: at + 1, closed: false });
      } else if (one === ":" && frame.kind === "map" && frame.key === null && /[\s,{}[\]]|^$/.test(this.text[at + 1] ?? "")) {
        frame.key = bare(this.text.slice(frame.from, at));
        frame.keys.add(frame.key);
        frame.from = at + 1;
      } else if (one === "#" && /\s/.test(this.text[at - 1])) {
        const end = this.text.indexOf("\n", at);
        at = (end < 0 ? this.text.length : end) - 1;
      } else if (one === "\n" && this.endsEarly(at + 1, indent)) return at;
    }
    return at;
  }

  // It was never closed, and the next line is not part of it any more.
  endsEarly(start, indent) {
    const line = /^[^\n]*/.exec(this.text.slice(start, start + 500))[0];
    return line.trim() !== "" && indentOf(line) <= indent && !/^\s*[}\]]/.test(line);
  }

  endOfQuote(start, quote) {
    for (let at = start + 1; at < this.text.length; at += 1) {
      if (this.text[at] === "\n") return at - 1;
      if (this.text[at] === "\\" && quote === '"') at += 1;
      else if (this.text[at] === quote) {
        if (this.isHere(start + 1, at)) this.capture(null, [], this.offset);
        return at;
      }
    }
    return this.text.length;
  }

  endEntry(frame, at) {
    if (frame?.kind === "map" && frame.key === "name")
      this.note([...frame.path, "name"], this.text.slice(frame.from, at));
  }

  captureFlow(frame, where, column) {
    const token = this.text.slice(frame.from, this.offset);
    const from = frame.from + indentOf(token);
    const more = { flow: true, column, keys: frame.keys };
    if (frame.closed) return;
    if (frame.kind === "seq") this.capture("item", where(frame), from, more);
    else if (frame.key === null) {
      const rest = /^[\w ]*(?=\s*:)/.exec(this.text.slice(this.offset));
      const named = rest !== null;
      const to = this.offset + (rest?.[0].length ?? 0);
      const own = named ? bare(this.text.slice(from, to)) : undefined;
      this.capture("key", frame.path, from, { ...more, to, named, own });
    } else {
      const lead = token === "" ? " " : "";
      this.capture("value", where(frame), from, { flow: true, column, lead });
    }
  }
}

// --- what the schema says

export class Schema {
  constructor(root) {
    this.root = root;
  }

  // Every form that may stand at this place.
  at(path) {
    let nodes = this.forms(this.root);
    for (const step of path) {
      nodes = nodes
        .flatMap((node) => (typeof step === "number" ? [node.items] : [node.properties?.[step]]))
        .filter(Boolean)
        .flatMap((node) => this.forms(node));
    }
    return nodes;
  }

  forms(node) {
    const { $ref, anyOf, oneOf, allOf, ...own } = node;
    const several = anyOf ?? oneOf ?? allOf;
    const referred = $ref && $ref.split("/").slice(1).reduce((found, step) => found[step], this.root);
    if (referred) return this.forms({ ...referred, ...own });
    if (several) return several.flatMap((one) => this.forms({ ...one, ...without(own, "type") }));
    return node.type === "null" ? [] : [node];
  }
}

function without(given, name) {
  return Object.fromEntries(Object.entries(given).filter(([each]) => each !== name));
}

const MOST = 50;

/** What may stand at the cursor: `label`, what it is (`about`), and the text to put in. */
export function suggestions(schema, context) {
  const { kind, path } = context;
  if (kind === null) return [];
  const nodes = schema.at(path);
  const found = [];
  if (kind === "key" || kind === "item") found.push(...keys(schema, context, nodes, ""));
  if (kind === "value" && !context.prefix) found.push(...keys(schema, { ...context, flow: true, keys: [] }, nodes, ""));
  if (kind === "holds" || kind === "new") found.push(...held(schema, context, nodes));
  if (kind === "value" || kind === "item") found.push(...values(schema, context, nodes));
  return ranked(found, context.prefix);
}

function held(schema, context, nodes) {
  if (context.kind === "new") return [...keys(schema, context, nodes, "- "), ...values(schema, context, nodes, "- ")];
  const items = nodes.filter((node) => node.items).flatMap((node) => schema.forms(node.items));
  return [
    ...keys(schema, context, nodes, ""),
    ...keys(schema, context, items, "- "),
    ...values(schema, { ...context, path: [...context.path, 0] }, items, "- "),
  ];
}

function keys(schema, context, nodes, dash) {
  const said = context.keys ?? [];
  const fitting = nodes.filter((node) => node.properties && said.every((key) => key in node.properties));
  const seen = new Map();
  for (const node of fitting.length ? fitting : nodes.filter((one) => one.properties))
    for (const [name, property] of Object.entries(node.properties)) {
      if (said.includes(name) || seen.has(name)) continue;
      const forms = schema.forms(property);
      seen.set(name, {
        label: name,
        is: "key",
        about: property.description ?? forms.find((form) => form.description)?.description ?? "",
        type: typeName(forms),
        needed: (node.required ?? []).includes(name),
        ...insertOfKey(name, forms, schema, context, dash),
      });
    }
  return [...seen.values()].sort((one, other) => other.needed - one.needed);
}

function insertOfKey(name, forms, schema, context, dash) {
  const lead = (context.lead ?? "") + dash;
  if (context.named) return { insert: name, back: 0 };
  if (context.kind === "value" || (context.flow && context.kind === "item")) {
    const { insert, back } = insertOfKey(name, forms, schema, { flow: true }, "");
    return { insert: `${lead}{${insert}}`, back: back + 1 };
  }
  const inner = " ".repeat(context.column + dash.length + 2);
  const isList = forms.some((form) => form.type === "array");
  const itemHasFields = forms.some((form) => form.items && schema.forms(form.items).some((one) => one.properties));
  const hasFields = forms.some((form) => form.properties);
  if (context.flow) {
    if (isList) return { insert: `${lead}${name}: []`, back: 1 };
    return hasFields ? { insert: `${lead}${name}: {}`, back: 1 } : { insert: `${lead}${name}: `, back: 0 };
  }
  if (itemHasFields) return { insert: `${lead}${name}:\n${inner}- `, back: 0 };
  if (isList) return { insert: `${lead}${name}: []`, back: 1 };
  if (hasFields) return { insert: `${lead}${name}:\n${inner}`, back: 0 };
  return { insert: `${lead}${name}: `, back: 0 };
}

function values(schema, context, nodes, dash = "") {
  const lead = (context.lead ?? "") + dash;
  const offered = new Map();
  const offer = (value, about = "", wrap = (text) => text) =>
    offered.set(String(value), { label: String(value), is: "value", about, type: "", insert: lead + wrap(written(value)), back: 0 });
  for (const node of nodes) {
    for (const value of choices(node)) offer(value);
    if (node.items && context.kind === "value") {
      for (const form of schema.forms(node.items)) for (const value of choices(form)) offer(value, "", (text) => `[${text}]`);
      if (context.path.at(-1) === "over") for (const name of context.names) offer(name, "A rule of this policy.", (text) => `[${text}]`);
    }
    if (["string", "number", "integer"].includes(node.type) && node.default != null && context.kind === "value") offer(node.default, "The default.");
  }
  if (context.path.at(-2) === "over") for (const name of context.names) offer(name, "A rule of this policy.");
  return [...offered.values()];
}

function choices(node) {
  if (node.const !== undefined) return [node.const];
  return node.enum ?? (node.type === "boolean" ? [true, false] : []);
}

// So that YAML reads a text as that text.
function written(value) {
  if (typeof value !== "string") return String(value);
  const plain = /^[A-Za-z][\w./ -]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value);
  return plain ? value : JSON.stringify(value);
}

function typeName(forms) {
  const names = forms.map((form) => {
    if (form.type === "array") return "list";
    if (form.properties) return "fields";
    if (form.enum || form.const !== undefined) return "choice";
    return { integer: "number", string: "text", boolean: "true or false" }[form.type] ?? form.type ?? "";
  });
  return [...new Set(names)].filter(Boolean).join(" or ");
}

function ranked(found, prefix) {
  const wanted = prefix.trim().toLowerCase().replace(/^["']/, "");
  const rank = ({ label }) => {
    const name = label.toLowerCase();
    return name.startsWith(wanted) ? 0 : name.split(/[ ._-]/).some((word) => word.startsWith(wanted)) ? 1 : name.includes(wanted) ? 2 : 3;
  };
  return found
    .map((one) => [rank(one), one])
    .filter(([place]) => place < 3)
    .sort(([one], [other]) => one - other)
    .map(([, one]) => one)
    .slice(0, MOST);
}
