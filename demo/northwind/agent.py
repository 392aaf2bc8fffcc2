"""What the agent does: proposes, listens to what people say, and takes it up.

It approves nothing. Whoever could would be somebody else, with another key.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from .client import Client, Refused
from .endless import thought_up
from .ideas import Idea
from .notebook import Entry, Notebook

MUTATIONS = "/api/v1/mutations"
REQUESTS = "/api/v1/approvals"

TURNED_DOWN = frozenset(
    {"rejected", "changes_requested", "policy_denied", "invalid", "conflicted", "apply_failed"}
)
OVER = frozenset({"applied", "withdrawn", "superseded", "expired", "reverted"})
BURST = 10
"""So many proposals it makes without a pause, when it begins: nobody should wait for the first."""


class Agent:
    def __init__(
        self,
        client: Client,
        notebook: Notebook,
        script: Sequence[Idea],
        say: Callable[[str], None],
        *,
        pace: float = 8.0,
        most_open: int = 6,
    ) -> None:
        """`pace`: seconds between two proposals. `most_open`: of those without a vote."""
        self._client, self._notebook, self._say = client, notebook, say
        self._script = list(script)
        self._ideas = {each.name: each for idea in script for each in _with_better(idea)}
        self._pace, self._most_open = pace, most_open
        self._strangers: set[str] = set()
        self._me: str = client.get("/api/v1/auth/me")["id"]

    def turn(self) -> None:
        for entry in self._notebook.unsent():
            self._send(entry)
        waiting = self._waiting()
        for entry in self._notebook.open():
            if row := waiting.get(entry.proposal):
                self._look_after(entry, row)
            else:
                self._learn(entry)
        voted = {proposal for proposal, row in waiting.items() if row["votes"]}
        unheeded = [entry for entry in self._notebook.open() if entry.proposal not in voted]
        if len(unheeded) < self._most_open and self._is_time():
            self._propose()

    # --- proposing

    def _propose(self) -> None:
        number = self._notebook.thought
        self._notebook.thought += 1
        if number < len(self._script):
            idea: Idea | None = self._script[number]
        else:
            idea = thought_up(self._client, number - len(self._script))
        if idea is None:
            self._notebook.keep()
            return
        self._begin(Entry(idea=idea.name, path=MUTATIONS, sent=idea.sent))

    def _begin(self, entry: Entry) -> None:
        self._notebook.begin(entry)
        self._send(entry)

    def _send(self, entry: Entry) -> None:
        try:
            made = self._client.post(entry.path, entry.sent, key=entry.key)
        except Refused as refusal:  # what it is about is gone, say
            entry.state, entry.done = "refused", True
            self._say(f"{entry.idea}: {refusal}")
        else:
            entry.proposal = made["id"]
            self._note(entry, made)
            self._say(f"{entry.idea}: {entry.state}")
        self._notebook.keep()

    def _is_time(self) -> bool:
        begun = [entry.begun for entry in self._notebook.entries]
        return len(begun) < BURST or time.time() >= max(begun) + self._pace

    # --- what came of it

    def _waiting(self) -> dict[str, dict[str, Any]]:
        """What people are asked about of mine, by what it proposes."""
        asked = f"{REQUESTS}?proposer={self._me}&subject_kind=mutation&state=pending&limit=100"
        rows = {row["subject_id"]: row for row in self._client.get(asked)["results"]}
        known = self._strangers.union(entry.proposal for entry in self._notebook.entries)
        for proposal in rows.keys() - known:
            self._adopt(proposal)
        return rows

    def _adopt(self, proposal: str) -> None:
        """Of a proposal that was accepted in part, the rest waits as one of its own. Others were
        made by somebody else with the same key."""
        found = self._client.get(f"{MUTATIONS}/{proposal}")
        whole = self._notebook.about(found["part_of"] or "")
        if whole is None:
            self._strangers.add(proposal)
            return
        entry = Entry(idea=f"{whole.idea}, the rest", path="", sent={}, proposal=proposal)
        self._note(entry, found)
        self._notebook.begin(entry)

    def _note(self, entry: Entry, found: dict[str, Any]) -> None:
        entry.state = found["state"]
        entry.request = (found["approval"] or {}).get("id", "")

    def _learn(self, entry: Entry) -> None:
        """It does not wait for votes: perhaps not any more."""
        try:
            found = self._client.get(f"{MUTATIONS}/{entry.proposal}")
        except Refused as refusal:
            entry.state, entry.done = str(refusal), True
            self._notebook.keep()
            return
        before = entry.state
        self._note(entry, found)
        if entry.state != before:
            self._say(f"{entry.idea}: {entry.state}")
        if entry.state in TURNED_DOWN:
            self._come_back(entry)
        elif entry.state == "applied" and self._wants(entry, "revert"):
            self._revert(entry)
        elif entry.state in OVER and not (entry.state == "applied" and self._is_pending(entry)):
            entry.done = True
        if entry.state != before or entry.done:
            self._notebook.keep()

    def _come_back(self, entry: Entry) -> None:
        idea = self._ideas.get(entry.idea)
        entry.done = True
        if idea and idea.better:
            self._revise(entry, idea.better)
        elif entry.request:
            self._comment(entry, "Then I let it go. Thank you for looking at it.", said="note")

    def _revise(self, entry: Entry, better: Idea) -> None:
        path = f"{MUTATIONS}/{entry.proposal}/revise"
        self._begin(Entry(idea=better.name, path=path, sent=better.sent))

    # --- second thoughts

    def _wants(self, entry: Entry, later: str) -> bool:
        """Whether it is time for what the agent does of its own accord."""
        return self._is_pending(entry, later) and time.time() > entry.begun + 3 * self._pace

    def _is_pending(self, entry: Entry, later: str = "revert") -> bool:
        idea = self._ideas.get(entry.idea)
        return idea is not None and idea.later == later

    def _revert(self, entry: Entry) -> None:
        entry.done = True
        sent = {"rationale": "I was too quick: support still needs it as it was."}
        path = f"{MUTATIONS}/{entry.proposal}/revert"
        self._begin(Entry(idea=f"{entry.idea}, undone", path=path, sent=sent))

    def _withdraw(self, entry: Entry) -> None:
        self._client.post(f"{MUTATIONS}/{entry.proposal}/withdraw", {}, key=f"withdraw-{entry.key}")
        self._learn(entry)

    # --- while it waits

    def _look_after(self, entry: Entry, row: dict[str, Any]) -> None:
        idea = self._ideas.get(entry.idea)
        if (row["id"], row["round"]) != (entry.request, entry.round):
            entry.request, entry.round = row["id"], row["round"]
            self._learn(entry)  # people are asked anew, since it became something else
        if row["turn"]["whose"] == "proposer" or row["threads_open"] != entry.threads:
            self._answer(entry)
            entry.threads = row["threads_open"]
            self._notebook.keep()
        elif self._wants(entry, "withdraw"):
            self._withdraw(entry)
        elif idea and idea.better and self._wants(entry, "revise"):
            entry.done = True
            self._revise(entry, idea.better)

    def _answer(self, entry: Entry) -> None:
        """Each question and each thread once: what it has replied to stands there."""
        said = self._client.get(f"{REQUESTS}/{entry.request}/comments?limit=100")["results"]
        replied = {one["reply_to"] for one in said if one["author"]["id"] == self._me}
        idea = self._ideas.get(entry.idea)
        for one in said:
            asked = one["said"] == "question" or (one["is_thread"] and not one["resolved"])
            if not asked or one["id"] in replied or one["author"]["id"] == self._me:
                continue
            why = entry.sent.get("rationale", "") or "It is the rest of what was proposed."
            kind = "answer" if one["said"] == "question" else "note"
            text = idea.answer_to(one["text"]) if idea else why
            self._comment(entry, text, said=kind, reply_to=one["id"])

    def _comment(self, entry: Entry, text: str, **more: str) -> None:
        """The key is made of what it replies to, so that it is said once."""
        about = more.get("reply_to", entry.proposal)
        path = f"{REQUESTS}/{entry.request}/comments"
        try:
            self._client.post(path, {"text": text, **more}, key=f"reply-{about}")
        except Refused as refusal:
            self._say(f"{entry.idea}: {refusal}")


def _with_better(idea: Idea | None) -> list[Idea]:
    return [idea, *_with_better(idea.better)] if idea else []
