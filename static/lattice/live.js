// One socket that comes back. It resumes each topic where it stood, and says when it has caught up.

const LAST_WORD = 60_000; // the server pings every 25 s
const SOON = 500;
const LATEST = 15_000;
const AGAIN = 1_000;
const FOR_GOOD = ["unknown_topic", "too_many_topics"];

export class Live extends EventTarget {
  #positions; // of each workspace: the epoch and the number of the last event dealt with
  #socket;
  #asked = new Map();
  #behind = new Map();
  #number = 0;
  #tries = 0;
  #missed = false;
  #heardAt = 0;
  #timer;

  constructor(epoch, positions) {
    super();
    this.#positions = new Map(Object.entries(positions).map(([id, seq]) => [id, { epoch, seq }]));
    setInterval(() => this.#watch(), 5_000);
    addEventListener("online", () => this.#retry(0));
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN && this.#asked.size === 0;
  }

  open() {
    const url = new URL("/ws/v1/", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = (this.#socket = new WebSocket(url));
    this.#heardAt = Date.now();
    socket.addEventListener("message", (message) => {
      this.#heardAt = Date.now();
      this.#read(JSON.parse(message.data));
    });
    socket.addEventListener("close", (closing) => {
      if (socket === this.#socket) this.#closed(closing.code);
    });
  }

  send(frame, answered) {
    const id = ++this.#number;
    this.#asked.set(id, answered ?? (() => {}));
    this.#socket.send(JSON.stringify({ id, ...frame }));
  }

  #read(frame) {
    switch (frame.type) {
      case "ping":
        return this.#socket.send(JSON.stringify({ type: "pong", n: frame.n }));
      case "ready":
        return this.#resume(frame.epoch);
      case "event":
        return this.#happened(frame);
      case "passed":
        return this.#positions.set(frame.topic.split(":")[1], { epoch: frame.epoch, seq: frame.seq });
      case "presence":
        return this.#tell("presence", frame.event);
      default: {
        const answered = this.#asked.get(frame.id);
        this.#asked.delete(frame.id);
        answered?.(frame);
      }
    }
  }

  #resume(epoch) {
    this.#tries = 0;
    this.#missed = false;
    this.#behind = new Map([...this.#positions.keys()].map((id) => [id, Infinity]));
    for (const id of this.#positions.keys()) this.#join(id, epoch);
    this.#tellIfCaughtUp();
  }

  #join(id, epoch) {
    const frame = { type: "subscribe", topic: `workspace:${id}`, after: this.#positions.get(id) };
    this.send(frame, (answer) => this.#joined(id, epoch, answer));
  }

  // What was refused for the moment only is asked for again: without it the page would miss events.
  #joined(id, epoch, answer) {
    if (answer.type === "error" && !FOR_GOOD.includes(answer.error.code)) {
      const socket = this.#socket;
      setTimeout(() => {
        if (socket === this.#socket && socket.readyState === WebSocket.OPEN) this.#join(id, epoch);
      }, AGAIN);
      return;
    }
    if (answer.type === "error") {
      this.#positions.delete(id);
      this.#behind.delete(id);
    } else if (answer.recovered) {
      this.#behind.set(id, answer.seq);
    } else {
      this.#missed = true;
      this.#positions.set(id, { epoch, seq: answer.seq });
      this.#behind.delete(id);
    }
    this.#tellIfCaughtUp(id);
  }

  #happened(frame) {
    const id = frame.event.workspace_id;
    this.#positions.set(id, { epoch: frame.epoch, seq: frame.seq });
    this.#tell("event", frame.event);
    if (this.#behind.has(id)) this.#tellIfCaughtUp(id);
  }

  #tellIfCaughtUp(id) {
    if (this.#positions.get(id)?.seq >= this.#behind.get(id)) this.#behind.delete(id);
    if (this.#behind.size === 0) this.#tell("caught-up", { missed: this.#missed });
  }

  #closed(code) {
    this.#asked.clear();
    if (code === 4401 || code === 4403) return this.#tell("ended", { code });
    this.#tell("lost", { code });
    this.#retry(Math.min(LATEST, SOON * 2 ** this.#tries++) * (0.5 + Math.random()));
  }

  #retry(after) {
    if (this.#socket?.readyState !== WebSocket.CLOSED) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.open(), after);
  }

  #watch() {
    if (this.#socket?.readyState === WebSocket.OPEN && Date.now() - this.#heardAt > LAST_WORD)
      this.#socket.close();
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
