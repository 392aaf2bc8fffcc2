"""/admin/audit/: what happened in a workspace, proven, searched, and taken along as a file."""

import tempfile
from collections.abc import AsyncIterator
from typing import IO, Any
from urllib.parse import urlencode
from uuid import UUID

from asgiref.sync import sync_to_async
from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts.pages.entry import person
from apps.accounts.selectors.names import name_of
from apps.activity.pages.proofs import MOST, Proof, last_proof, prove, recent_proof
from apps.activity.selectors.audit import Audited, actors_of, audited_chains, entries
from apps.activity.selectors.pages import known_areas
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.exports import export_lines
from apps.ledger.models import Chain
from apps.ledger.switch import stays_open

SHOWN = 50
PIECE = 1 << 18
MEANINGS = {
    "altered": "What it says does not fit its hash: it was changed after it was written.",
    "missing": "A number is skipped: an event was taken out.",
    "reordered": "Another event stands in its place.",
    "rehashed": "Hashes were made to fit: a checkpoint or the next event remembers another one.",
    "truncated": "A checkpoint or the counter saw events that are gone.",
    "counter": "The chain's counter does not fit its last event.",
    "checkpoint": "A checkpoint is forged, altered, missing or unlinked.",
    "epoch": "The database claims a restore that no operator announced.",
}


class Wanted(forms.Form):
    area = forms.ChoiceField(required=False)
    actor = forms.UUIDField(required=False)
    since = forms.DateTimeField(required=False)
    until = forms.DateTimeField(required=False)
    about = forms.CharField(required=False, max_length=200, strip=True)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = [("", ""), *((a, a) for a in known_areas())]  # type: ignore[attr-defined]


def audit_page(request: HttpRequest) -> HttpResponse:
    chains = audited_chains(person(request))
    if not chains:
        return _page(request, {"chain": None, "title": "Audit"})
    return _chain_page(request, _chosen(request, chains), chains)


@stays_open
@require_POST
def verify_now(request: HttpRequest, workspace_id: UUID) -> HttpResponse:
    """All of it for who manages the workspace, what came after the last checkpoint for others."""
    chains = audited_chains(person(request))
    chain = _named(workspace_id, chains)
    whole = chain.manages and _end(chain)[0] <= MOST
    me = person(request)
    prove(workspace_id, whole=whole, by=name_of(me.id, me.name))
    return _chain_page(request, chain, chains)


def export(request: HttpRequest, workspace_id: UUID) -> HttpResponseBase:
    """The same file as `manage.py export_audit` writes."""
    chain = _named(workspace_id, audited_chains(person(request)))
    if not chain.manages:
        raise NotAllowed("Who manages the workspace takes its audit along.")
    file = tempfile.TemporaryFile()  # noqa: SIM115 - open until it was sent
    for line in export_lines(workspace=workspace_id):
        file.write(line)
    name = f"audit-{workspace_id}-{timezone.now():%Y%m%d-%H%M}.jsonl"
    return StreamingHttpResponse(
        _pieces(file),
        content_type="application/x-ndjson",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(file.tell()),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while piece := await sync_to_async(file.read)(PIECE):
            yield piece


def _chain_page(request: HttpRequest, chain: Audited, chains: list[Audited]) -> HttpResponse:
    form = Wanted(request.GET)
    form.is_valid()
    asked = {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}
    area = asked.pop("area", "")
    found = entries(chain.workspace_id, areas=[area] if area else (), limit=SHOWN + 1, **asked)
    shown = found[:SHOWN]
    recent = recent_proof(chain.workspace_id)
    whole = last_proof(chain.workspace_id, whole=True)
    wrong = _wrong(whole, recent)
    length, head = _end(chain)
    return _page(
        request,
        {
            "title": f"Audit of {chain.name}",
            "chain": chain,
            "chains": chains,
            "entries": shown,
            "form": form,
            "areas": known_areas(),
            "actors": actors_of(chain.workspace_id),
            "narrowed": bool(area or asked.keys() - {"before"}),
            "newest": _url(request, chain) if "before" in asked else "",
            "older": _url(request, chain, before=shown[-1].row.seq) if found[SHOWN:] else "",
            "length": length,
            "head": head,
            "recent": recent,
            "whole": whole,
            "wrong": wrong,
            "broken": any(fault["seq"] for fault in wrong),
            "too_long": length > MOST,
        },
    )


def _page(request: HttpRequest, shown: dict[str, Any]) -> HttpResponse:
    context = {**admin.site.each_context(request), **shown}
    return TemplateResponse(request, "audit/page.html", context)


def _chosen(request: HttpRequest, chains: list[Audited]) -> Audited:
    if wanted := request.GET.get("workspace"):
        try:
            return _named(UUID(wanted), chains)
        except ValueError as error:
            raise NotFound from error
    own = person(request).default_workspace_id
    return next((chain for chain in chains if chain.workspace_id == own), chains[0])


def _named(workspace_id: UUID, chains: list[Audited]) -> Audited:
    found = (chain for chain in chains if chain.workspace_id == workspace_id)
    if chain := next(found, None):
        return chain
    raise NotFound


def _end(chain: Audited) -> tuple[int, str]:
    """How many events it has, and the hash that the next one links to."""
    row = Chain.objects.filter(workspace_id=chain.workspace_id).first()
    return (row.seq, bytes(row.head).hex()) if row else (0, "")


def _wrong(*proofs: Proof | None) -> list[dict[str, Any]]:
    """What was found, each thing once."""
    found = {
        (fault["kind"], fault["seq"]): fault | {"means": MEANINGS[fault["kind"]]}
        for proof in proofs
        if proof
        for fault in proof.facts.findings
    }
    return list(found.values())


def _url(request: HttpRequest, chain: Audited, **place: int) -> str:
    """The same page, further on."""
    asked = {name: value for name, value in request.GET.items() if value and name != "before"}
    return "?" + urlencode({**asked, "workspace": chain.workspace_id, **place})
