"""What `manage.py up` says when everything runs, and the same facts in a file for scripts."""

import json
import os
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape


def show_screen(facts: dict[str, Any], data_dir: Path) -> None:
    """Plain lines and no frame, so that they can be copied."""
    lines = [("Open", facts["url"])]
    if "reviewer" in facts:
        reviewer, colleague, agent = facts["reviewer"], facts["colleague"], facts["agent"]
        lines += [
            ("Workspace", facts["workspace"]),
            ("Reviewer", f"{reviewer['email']}  password {reviewer['password']}"),
            ("Colleague", f"{colleague['email']}  password {colleague['password']}"),
            ("Agent", f"{agent['email']}  key {agent['api_key']}"),
        ]
    lines += [
        ("Stop", "Ctrl-C here, or `make stop` in another terminal"),
        ("Data", str(data_dir)),
        ("Logs", str(data_dir / "logs")),
    ]
    console = Console(highlight=False, soft_wrap=True)
    console.print("\n[bold green]Lattice is ready.[/]\n")
    for name, text in lines:
        console.print(f"  [dim]{name:<10}[/] {escape(text)}")
    console.print()


def keep_facts(path: Path, facts: dict[str, Any]) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(facts, indent=2) + "\n")
    os.replace(draft, path)
