"""A variant as a pull request in words: branch, title, body and the commands to run. Pure; nothing
is pushed anywhere.
"""

import hashlib
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.plans.artifacts import Artifact
from apps.plans.drawing import code, fenced, slug
from apps.plans.errors import BranchInvalid

LONGEST_BRANCH = 244
"""Bytes: with refs/heads/ before it, the lock file of a branch still fits into a file system."""
LONGEST_TITLE = 72
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]")


@dataclass(frozen=True, kw_only=True)
class Pull:
    plan: str
    variant_id: str
    branch: str
    title: str
    body: str
    labels: tuple[str, ...]
    draft: bool
    dry_run: bool
    state: str
    patch: str

    @property
    def patch_digest(self) -> str:
        return digest_of_patch(self.patch)

    @property
    def commands(self) -> list[str]:
        """To run in a clone, with the patch saved as plan.patch and the body as plan.md."""
        branch, title = shlex.quote(self.branch), shlex.quote(self.title)
        options = ["--draft"] if self.draft else []
        options += [f"--label {shlex.quote(label)}" for label in self.labels]
        extra = "".join(f" {option}" for option in options)
        return [
            f"git switch --create {branch}",
            "git apply --index plan.patch",
            f"git commit --message {title}",
            f"git push --set-upstream origin {branch}",
            f"gh pr create --head {branch} --title {title} --body-file plan.md{extra}",
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "status": "waiting" if self.state == "waiting" else "ready",
            "plan": self.plan,
            "variant_id": self.variant_id,
            "branch": self.branch,
            "title": self.title,
            "body": self.body,
            "labels": list(self.labels),
            "draft": self.draft,
            "dry_run": self.dry_run,
            "patch": self.patch,
            "patch_digest": self.patch_digest,
            "commands": self.commands,
        }


def pull_of(
    artifact: Artifact,
    *,
    variant_id: str,
    state: str,
    branch: str = "",
    labels: Sequence[str] = (),
    draft: bool = True,
    dry_run: bool = False,
) -> Pull:
    variant = artifact.variant(variant_id)
    name = branch or default_branch(artifact)
    if faults := branch_faults(name):
        raise BranchInvalid(details=[{"field": "branch", "message": fault} for fault in faults])
    return Pull(
        plan=artifact.document["id"],
        variant_id=variant["id"],
        branch=name,
        title=title_of(artifact.document["intent"]),
        body=_body(artifact, variant),
        labels=tuple(dict.fromkeys(labels)),
        draft=draft,
        dry_run=dry_run,
        state=state,
        patch=artifact.patch(variant_id),
    )


def digest_of_patch(patch: str) -> str:
    return hashlib.sha256(patch.encode()).hexdigest()


def default_branch(artifact: Artifact) -> str:
    name = artifact.document["name"]
    words = slug(artifact.document["intent"])[:48].strip("-")
    return f"plan/{words}-{name[-12:]}" if words else f"plan/{name}"


def branch_faults(name: str) -> list[str]:
    """What speaks against it as a branch: the rules of `git check-ref-format --branch`."""
    faults = []
    if _FORBIDDEN.search(name):
        faults.append("No spaces, control characters, or any of ~ ^ : ? * [ and backslash.")
    if any(not part or part.startswith(".") or part.endswith(".lock") for part in name.split("/")):
        faults.append("Each part between slashes has a name that begins with no dot or ends .lock.")
    if ".." in name or "@{" in name or name.endswith("."):
        faults.append("No two dots in a row, no @{ and no dot at the end.")
    if name.startswith("-") or name in ("@", "HEAD"):
        faults.append("A branch is not called @ or HEAD, and begins with no dash.")
    if len(name.encode("utf-8", "surrogatepass")) > LONGEST_BRANCH:
        faults.append(f"At most {LONGEST_BRANCH} bytes.")
    return faults


def title_of(intent: str) -> str:
    """One line, that mentions nobody and closes no issue when it becomes a commit's."""
    first = next((line for line in intent.splitlines() if line.strip()), "")
    plain = " ".join("".join(c if c.isprintable() else " " for c in first).split())
    plain = re.sub(r"#(?=\d)", "no. ", plain)
    plain = re.sub(r"(?i)\bgh-(?=\d)", "no. ", plain)
    plain = re.sub(r"@(?=\w)", "(at) ", plain)
    if len(plain) > LONGEST_TITLE:
        plain = plain[: LONGEST_TITLE - 3].rstrip() + "..."
    return plain or "Plan"


def _body(artifact: Artifact, variant: dict[str, Any]) -> str:
    """What people wrote stands in fences and backticks, where Markdown does nothing."""
    document = artifact.document
    lines = [
        f"- {operation['action'].capitalize()} {code(operation['path'])}"
        + (f" to {code(operation['to'])}" if operation["to"] else "")
        + f" (+{operation['added']} -{operation['removed']})"
        for operation in artifact.operations_of(variant["id"])
    ]
    parts = ["## Intent", fenced(document["intent"])]
    if document["context"].strip():
        parts += ["## Context and constraints", fenced(document["context"])]
    parts += [
        f"## Changes: variant {variant['label'].lower()}",
        variant["summary"],
        *_listed(lines),
    ]
    budget = document["risk_budget"]
    over = "" if variant["within_budget"] else f" It is above the risk budget, {budget}."
    parts += [
        "## Risk",
        f"{variant['risk_level'].capitalize()}, {variant['risk_score']} of 100.{over}",
    ]
    stages = [
        f"- {code(stage['name'])}: {stage['quorum']} of {', '.join(stage['roles']) or 'those here'}"
        for stage in document["verdict"]["stages"]
    ]
    if stages:
        parts += ["## Approval", *_listed(stages)]
    proposer = document["proposer"]
    parts += [
        "## Where it comes from",
        "\n".join(
            [
                f"- Plan {code(document['file'])}",
                f"- Digest {code(artifact.digest)}",
                f"- Judged by {code(document['policy']['source'])}",
                f"- Proposed by {proposer['kind']} {code(proposer['id'])}",
            ]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _listed(lines: Sequence[str]) -> list[str]:
    return ["\n".join(lines)] if lines else []
