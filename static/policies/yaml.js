// How a line of a policy looks: its colours, and what is wrong in it. Nothing here touches the page.

const TOKEN = new RegExp(
  [
    String.raw`(?<remark>(?:^|(?<=\s))#.*$)`,
    String.raw`(?<key>(?:"[^"]*"|'[^']*'|[A-Za-z0-9_][\w./-]*(?: [\w./-]+)*)(?=\s*:(?:\s|$)))`,
    String.raw`(?<text>"(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?)`,
    String.raw`(?<mark>[{}[\],]|(?:^|(?<=\s))-(?=\s|$)|:(?=\s|$))`,
    String.raw`(?<word>(?<![\w./-])(?:true|false|null|-?\d+(?:\.\d+)?)(?![\w./*-]))`,
  ].join("|"),
  "g",
);
const LONGEST = 2000;

/** Pieces of the line, each with its classes: together they are the line. */
export function pieces(line, faults = []) {
  if (line.length > LONGEST && !faults.length) return [{ text: line, classes: "" }];
  const looks = new Array(line.length).fill("");
  if (line.length <= LONGEST)
    for (const found of line.matchAll(TOKEN)) {
      const [kind] = Object.entries(found.groups).find(([, text]) => text !== undefined);
      looks.fill(kind, found.index, found.index + found[0].length);
    }
  for (const { column } of faults) {
    const [start, end] = extent(line, column);
    for (let at = start; at < end; at += 1) looks[at] = `${looks[at]} wrong`.trim();
  }
  const found = [];
  for (let at = 0; at < line.length; at += 1) {
    const last = found.at(-1);
    if (last && last.classes === looks[at]) last.text += line[at];
    else found.push({ text: line[at], classes: looks[at] });
  }
  return found;
}

/** From the column (which counts from 1) to the end of the word there; of the line's last word, if it is past the end. */
export function extent(line, column) {
  const start = Math.min(Math.max(column - 1, 0), line.length);
  const word = /^(?:[\w./*-]+|"[^"]*"|'[^']*'|\S)/.exec(line.slice(start));
  if (word) return [start, start + word[0].length];
  const last = /\S+\s*$/.exec(line);
  return last ? [last.index, line.length] : [0, line.length];
}

/** Which lines changed: those between what is the same at both ends. */
export function changed(before, after) {
  let head = 0;
  const shorter = Math.min(before.length, after.length);
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return { from: head, removed: before.length - head - tail, added: after.slice(head, after.length - tail) };
}

/** What a new line begins with after this one. */
export function indentAfter(line) {
  const indent = /^\s*/.exec(line)[0];
  const item = /^(- +)+/.exec(line.slice(indent.length))?.[0] ?? "";
  const inside = indent + " ".repeat(item.length);
  return /:\s*(#.*)?$/.test(line) ? `${inside}  ` : inside;
}
