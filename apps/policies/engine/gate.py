"""The risk gate: what stands in texts, names and paths that should make somebody look twice.

All of each text is searched, in either case, as it is written and as it looks to a person.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from apps.common.texts.hidden import needless
from apps.common.texts.lookalikes import (
    is_hidden,
    readings_of,
    spelled,
)
from apps.common.texts.patterns import Patterns
from apps.policies.choices import Finding
from apps.policies.ports import Act, Hit
from apps.policies.schemas import Gate

MOST = 20
"""Hits of one pattern that are told. All of every text is searched for all patterns regardless."""
_HIDDEN = -1
EXCERPT = 40
_SILENT = {Finding.SECRET, Finding.CUSTOM}
"""Their excerpts could give a secret away."""

_COMMAND = {
    "os.system": r"\bos\s*\.\s*(?:system|popen|exec[lv]p?e?|spawn[lv]p?e?|remove|unlink)\b"
    r"|\bfrom\s+os\s+import\b|getattr\s*\(\s*os\b",
    "subprocess": r"\bsubprocess\s*\.|\b(?:import|from)\s+subprocess\b|\bchild_process\b"
    r"|\bcreate_subprocess_(?:exec|shell)\b|\bpty\s*\.\s*spawn\b",
    "evaluation": r"\b(?:eval|exec|execfile|compile)\s*\(|__import__|\bimportlib\b"
    r"|\bRuntime\s*\.\s*getRuntime\b|\bProcessBuilder\b",
    "shell": r"/bin/(?:ba|z|da|k|c)?sh\b|\b(?:ba|z|da)?sh\s+-c\b|\bcmd(?:\.exe)?\s+/c\b"
    r"|\bpowershell\b|\bpwsh\b|\bnc\s+-[a-z]*e\b|/dev/tcp/",
    "destruction": r"\brm\s+(?:-[a-z-]+\s+)*-[a-z]*[rf]|\bmkfs\b|\bdd\s+if=|\bshutil\s*\.\s*rmtree"
    r"|:\s*\(\s*\)\s*\{|\bchmod\s+(?:-[a-z]+\s+)*0?777\b|\bsudo\s+\S",
    "download": r"\b(?:curl|wget)\b[^\n|]*\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b",
    "sql": r"\bdrop\s+(?:table|database|schema)\b|\btruncate\s+table\b",
}
_SECRET = {
    "api key": r"api[_\s-]?key",
    "token or secret": r"(?:\b|_)(?:token|secret)s?(?:\b|_)",
    "password": r"(?:\b|_)(?:password|passwd|passphrase|pwd)[\"']?\s*[:=]"
    r"|^[\w.-]{0,60}(?:password|passwd|passphrase)$",
    "credentials of a URL": r"://[^/\s:@]+:[^/\s@]+@"
    r"|\b(?:curl|wget)\b[^\n|]*\s(?:-u|--user)[\s=]*[^\s:]+:\S",
    "private key": r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY",
    "known key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[0-9A-Za-z]{30}"
    r"|\bgithub_pat_[0-9A-Za-z_]{20}|\bglpat-[0-9A-Za-z_-]{20}|\bxox[abprs]-[0-9A-Za-z-]{10}"
    r"|\b[rs]k_(?:live|test)_[0-9A-Za-z]{16}|\bsk-[0-9A-Za-z_-]{20}|\bAIza[0-9A-Za-z_-]{35}"
    r"|\blat_[0-9A-Za-z]{6,}_[0-9A-Za-z]{16}",
    "bearer": r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.|\bBearer\s+[0-9A-Za-z._~+/-]{16}",
}
_URL = {
    "URL": r"(?:ssh|sftp|https?|ftps?|file|git|wss?|ldaps?|gopher|telnet|smb|jar|dict)://"
    r"|\b(?:javascript|vbscript|data):\S*[,;(]"
}
_TRAVERSAL = {
    "parent folder": r"\.\.[\\/]|[\\/]\.\.(?:$|[\s\"'`)\]}>,;])"
    r"|(?:\.|%(?:25)?2e|%c0%ae){2}(?:[\\/]|%(?:25)?2f|%(?:25)?5c|%c0%af)",
    "system file": r"/etc/(?:passwd|shadow|sudoers|hosts|ssh)\b|/proc/(?:self|[0-9]+)/"
    r"|~[a-z]*/\.(?:ssh|aws|netrc|config|kube)\b|/root/\.|\bc:[\\/]+windows\b|\bid_(?:rsa|ed25519)\b",
}
_APART = r"[\s>+#*/|-]+"
"""Between words: spaces, breaks of lines, and what comments, quotes and diffs begin a line with."""
_INJECTION = {
    "forget instructions across lines": r"\b(?:ignore|disregard|forget|override|bypass|neglect)"
    rf"(?:{_APART}[^\s.]+){{0,3}}{_APART}(?:all|previous|prior|above|earlier|these|those"
    rf"|your|my)(?:{_APART}[^\s.]+){{0,3}}{_APART}"
    r"(?:instructions?|prompts?|rules?|guidelines?|directions?|policies|restrictions?|guardrails?)\b",
    "forget instructions": r"\b(?:ignore|disregard|forget|override|bypass|skip|neglect)\b"
    r"[^.\n]*\b(?:instructions?|prompts?|rules?|guidelines?|directions?|polic(?:y|ies)"
    r"|restrictions?|guardrails?|everything (?:above|before))\b",
    "forget instructions, other languages": r"\bignorier\w*\b[^.\n]*\b(?:anweisung|regel)"
    r"|\bignor(?:a|e|ez|er)\b[^.\n]*\b(?:instrucciones|reglas|consignes|istruzioni)\b",
    "new role": r"\byou\s+are\s+(?:now|no\s+longer)\b|\bfrom\s+now\s+on,?\s+you\b"
    r"|\bact\s+as\s+(?:an?\s+)?(?:admin|root|system|unrestricted|dan)\b|\bdo\s+anything\s+now\b"
    r"|\bpretend\s+(?:to\s+be|you\s+are|that\s+you)\b"
    r"|\bjailbreak|\bdeveloper\s+mode\b",
    "system prompt": r"\b(?:reveal|print|show|repeat|output|leak)\b[^.\n]*"
    r"\b(?:system|hidden|initial|secret)\s+(?:prompt|message|instructions?)\b|\bsystem\s+prompt\b",
    "chat markup": r"<\|[a-z_]{2,30}\|>|\[/?INST\]|<</?SYS>>|</?(?:system|assistant|tool_call)>"
    r"|(?:^|\n)\s*#{0,6}\s*(?:system|assistant)\s*:",
    "without asking": r"\b(?:approve|merge|deploy|release|apply)\b[^.\n]*\n?[^.\n]*\bwithout\b"
    r"[^.\n]*\n?[^.\n]*\b(?:review|approval|asking|confirm)"
    r"|\bdo\s+not\s+(?:tell|inform|alert|notify)\s+(?:the\s+|any)?"
    r"(?:user|human|review|owner|one)",
}
BUILT_IN = {
    Finding.COMMAND: _COMMAND,
    Finding.SECRET: _SECRET,
    Finding.URL: _URL,
    Finding.TRAVERSAL: _TRAVERSAL,
    Finding.INJECTION: _INJECTION,
}


class Watch:
    """The patterns of one policy, ready to search with."""

    def __init__(self, gate: Gate) -> None:
        listed = [
            (finding, name, regex)
            for finding, patterns in BUILT_IN.items()
            if finding not in gate.off
            for name, regex in patterns.items()
        ]
        listed += [(pattern.finding, pattern.name, pattern.searched) for pattern in gate.patterns]
        self._named = [(finding, name) for finding, name, _ in listed]
        self._patterns = Patterns([regex for _, _, regex in listed], whole=False, any_case=True)

    def hits(self, act: Act) -> tuple[Hit, ...]:
        told: Counter[int] = Counter()
        clean: set[str] = set()
        """Kinds and labels stand at each of many operations."""
        hits: list[Hit] = []
        for field, text in said(act):
            if text not in clean:
                found = self.hits_in(field, text, told)
                hits += found
                if not found:
                    clean.add(text)
        return tuple(hits)

    def hits_in(self, field: str, text: str, told: Counter[int]) -> list[Hit]:
        readable = text if text.isascii() else text.encode(errors="replace").decode()
        found = list(_hidden(field, text, told))
        spans: list[tuple[int, int, int]] = []
        known: set[int] = set()
        for reading in readings_of(readable):
            matching = [n for n in self._patterns.matching(reading.text) if n not in known]
            known.update(matching)
            seen = [span for n in matching for span in self._spans(n, reading.text, told)]
            places = reading.as_written([(start, end) for start, end, _ in seen])
            spans += [(*place, n) for place, (_, _, n) in zip(places, seen, strict=True)]
        quiet = [(start, end) for start, end, number in spans if self._named[number][0] in _SILENT]
        for start, end, number in spans:
            finding, name = self._named[number]
            overlaps = any(start < until and since < end for since, until in quiet)
            excerpt = "" if overlaps else _shown(text[start:end])
            found.append(_hit(field, text, start, finding, name, excerpt))
        return sorted(found, key=lambda hit: (hit.line, hit.column, hit.pattern))

    def _spans(self, number: int, text: str, told: Counter[int]) -> list[tuple[int, int, int]]:
        places = list(islice(self._patterns.places(number, text), MOST - told[number]))
        told[number] += len(places)
        return [(start, end, number) for start, end in places if start < end]


def said(act: Act) -> Iterator[tuple[str, str]]:
    """Everything of an act that somebody wrote, by the name of its field."""
    for number, operation in enumerate(act.operations):
        field = f"operations[{number}]"
        if operation.target:
            yield f"{field}.target", operation.target
        if operation.node_kind:
            yield f"{field}.node_kind", operation.node_kind
        for at, path in enumerate(operation.paths):
            yield f"{field}.paths[{at}]", path
        for label in sorted(operation.labels):
            yield f"{field}.labels", label
    for name in sorted(act.texts):
        yield name, act.texts[name]


def kinds_of(hits: Iterable[Hit]) -> tuple[Finding, ...]:
    found = {hit.finding for hit in hits}
    return tuple(finding for finding in Finding if finding in found)


def _hidden(field: str, text: str, told: Counter[int]) -> Iterator[Hit]:
    for at in needless(text):
        if told[_HIDDEN] == MOST:
            return
        told[_HIDDEN] += 1
        yield _hit(field, text, at, Finding.HIDDEN, "hidden Unicode", spelled(text[at]))


def _hit(field: str, text: str, at: int, finding: Finding, pattern: str, excerpt: str) -> Hit:
    return Hit(
        finding=finding,
        pattern=pattern,
        field=field,
        line=text.count("\n", 0, at) + 1,
        column=at - text.rfind("\n", 0, at),
        excerpt=excerpt,
    )


def _shown(text: str) -> str:
    shown = "".join(
        f"<{spelled(character)}>"
        if is_hidden(character)
        else " "
        if character.isspace()
        else character
        for character in text[:EXCERPT]
    )
    return shown + ("…" if len(text) > EXCERPT else "")
