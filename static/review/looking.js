// Who looks at what: names, each once, by what they look at; never oneself.
export function lookers(here, me) {
  const found = new Map();
  for (const { user, name, subject } of here) {
    if (user === me || !subject.startsWith("approval:")) continue;
    const id = subject.slice("approval:".length);
    found.set(id, [...new Set([...(found.get(id) ?? []), name])]);
  }
  return found;
}
