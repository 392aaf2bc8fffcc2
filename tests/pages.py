"""The pages that people read, and the blocks of code on them, which tests do to the letter.

A block says what it is by its language: ```sh is typed by a reader, ```text is not. What the tests
of pages cannot do says so behind the language: (run by FILE), or (not run: REASON).
"""

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from config.env import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    ROOT / "demo" / "northwind" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    remark: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: str, language: str = "") -> list[Block]:
    """In the order of the page; of one language, those that the page's test does."""
    found = [
        Block(page, token.map[0] + 1, *_said(token.info), token.content)
        for token in MarkdownIt().parse((ROOT / page).read_text())
        if token.type in ("fence", "code_block") and token.map
    ]
    return [one for one in found if not language or (one.language == language and not one.remark)]


def _said(info: str) -> tuple[str, str]:
    language, _, remark = info.partition(" ")
    return language, remark.strip("()")


def shell_blocks(page: str) -> list[str]:
    """What a reader is told to type, in the order of the page of docs/."""
    return [block.text for block in blocks(f"docs/{page}", "sh")]


def the_only(language: str, page: str) -> str:
    """The one block of this language on a page of docs/."""
    (found,) = blocks(f"docs/{page}", language)
    return found.text


DONE_BY = {
    ("docs/architecture.md", "mermaid"): "tests/architecture/test_diagrams.py",
    ("docs/api.md", "sh"): "tests/doors/test_api_docs.py",
    ("docs/backup.md", "sh"): "tests/recovery/test_backup_docs.py",
    ("docs/checks.md", "python"): "tests/specs/checks/test_registry.py",
    ("docs/mutations.md", "sh"): "tests/specs/api/test_mutations_page.py",
    ("docs/policies.md", "json"): "tests/policies/test_policies_in_docs.py",
    ("docs/policies.md", "rego"): "tests/policies/test_rego.py",
    ("docs/policies.md", "yaml"): "tests/policies/test_policies_in_docs.py",
    ("docs/realtime.md", "js"): "tests/e2e/test_reading.py",
    ("docs/realtime.md", "python"): "tests/activity/live/test_documents.py",
    ("docs/realtime.md", "sh"): "tests/activity/live/test_documents.py",
    ("docs/spec-files.md", "markdown"): "tests/specs/paper/test_files.py",
    ("docs/webhooks.md", "json"): "tests/activity/live/test_webhooks_document.py",
    ("docs/webhooks.md", "python"): "tests/activity/live/test_webhooks_document.py",
    ("docs/webhooks.md", "sh"): "tests/activity/live/test_webhooks_document.py",
}
"""Pages with a test of their own. What else is to be typed, tests/e2e/test_reading.py types."""
