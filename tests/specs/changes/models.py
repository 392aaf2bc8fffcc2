"""What a graph is, said as simply as can be: dictionaries and lists. It knows no versions, patches,
ranks or digests. test_machine.py holds the real one against it.
"""

from copy import deepcopy
from typing import Any

Sent = dict[str, Any]


class Refused(Exception):
    """This cannot be done to the graph as it is."""


class Dangling(Refused):
    """It could be, but something would lead to what is not there: checks find that."""


class Idle(Refused):
    """It is moved to where it stands."""


class Model:
    def __init__(self) -> None:
        self.nodes: dict[str, dict[str, Any]] = {}
        """By the first key they had."""
        self.names: dict[str, str] = {}
        """Every key, and the first one of the same node."""
        self.parts: dict[str, list[str]] = {}
        self.links: set[tuple[str, str, str]] = set()

    def do(self, *sent: Sent) -> "Model":
        """Another one, in which all of it was done. Raises Refused."""
        done = deepcopy(self)
        for each in sent:
            getattr(done, f"_{each['op']}")(each)
        return done

    def without_what_came_since(self, later: "Model") -> "Model":
        """But keys that were given stay with those they were given to."""
        back = deepcopy(self)
        gone = {key: {**node, "live": False} for key, node in later.nodes.items()}
        back.nodes, back.names = gone | back.nodes, dict(later.names)
        return back

    def seen(self, sent: Sent) -> Any:
        """What stands now where this changes it."""
        field = {"update": "title", "set": "size", "rename": "key"}.get(sent["op"], "")
        return self.nodes[self.names[sent["target"]]].get(field) if field else None

    def parent_of(self, node: str) -> str | None:
        return next((whole for whole, parts in self.parts.items() if node in parts), None)

    def _find(self, name: str) -> str:
        _need(name in self.names and self.nodes[self.names[name]]["live"])
        return self.names[name]

    def _create(self, sent: Sent) -> None:
        key = sent["key"]
        _need(key not in self.names)
        self._put(key, sent["parent"], sent["after"])
        self.names[key] = key
        lines = sent["body"].splitlines()
        self.nodes[key] = {"key": key, "title": sent["title"], "lines": lines, "live": True}

    def _put(self, node: str, parent: str | None, after: str | None) -> None:
        if parent is None:
            _need(after is None)
            return
        whole = self._find(parent)
        _need(not self._is_within(whole, node))
        parts = self.parts.setdefault(whole, [])
        before = None if after is None else self._find(after)
        _need(before is None or before in parts)
        parts.insert(parts.index(before) + 1 if before else 0, node)

    def _is_within(self, node: str | None, whole: str) -> bool:
        return node is not None and (node == whole or self._is_within(self.parent_of(node), whole))

    def _update(self, sent: Sent) -> None:
        self._change(sent, "title", sent["changes"]["title"])

    def _set(self, sent: Sent) -> None:
        self._change(sent, "size", sent["value"])

    def _change(self, sent: Sent, field: str, value: Any) -> None:
        node = self.nodes[self._find(sent["target"])]
        _need(node.get(field) != value)
        _need("seen" not in sent or node.get(field) == sent["seen"])
        node[field] = value

    def _edit(self, sent: Sent) -> None:
        lines, old = self.nodes[self._find(sent["target"])]["lines"], sent["old"].strip()
        _need(old in lines)
        at = lines.index(old)
        lines[at : at + 1] = sent["new"].splitlines()

    def _rename(self, sent: Sent) -> None:
        node, key = self._find(sent["target"]), sent["key"]
        _need(self.names.get(key, node) == node)
        self.names[key] = node
        self._change(sent, "key", key)

    def _move(self, sent: Sent) -> None:
        node, parent, after = self._find(sent["target"]), sent["parent"], sent["after"]
        whole = self.parent_of(node)
        parts = self.parts.get(whole or "", [])
        at = parts.index(node) if whole else 0
        stands = parts[at - 1] if at else None
        if whole:
            parts.remove(node)
        self._put(node, parent, after)
        to = self.parent_of(node)
        if (whole, stands) == (to, after and self.names[after]):
            raise Idle

    def _delete(self, sent: Sent) -> None:
        node = self._find(sent["target"])
        if self.parts.get(node) or any(node == to for _, _, to in self.links):
            raise Dangling
        self.nodes[node]["live"] = False
        if whole := self.parent_of(node):
            self.parts[whole].remove(node)
        self.links = {link for link in self.links if link[0] != node}

    def _link(self, sent: Sent) -> None:
        link = (self._find(sent["target"]), sent["kind"], self._find(sent["to"]))
        _need(link[0] != link[2] and link not in self.links)
        self.links.add(link)

    def _unlink(self, sent: Sent) -> None:
        link = (self._find(sent["target"]), sent["kind"], self._find(sent["to"]))
        _need(link in self.links)
        self.links.remove(link)


def _need(right: bool) -> None:
    if not right:
        raise Refused
