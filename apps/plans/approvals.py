"""Plans as approvals ask about them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from apps.accounts.errors import KeysErased, Undecipherable
from apps.accounts.selectors.names import names_of
from apps.approvals.errors import NotReshapable
from apps.approvals.ports import Affected, Change, Editable, Reshaped, Summary
from apps.approvals.selectors.requests import pending_about
from apps.common.actors import Actor
from apps.common.errors import NotFound
from apps.common.prepared import prepared
from apps.common.texts.hidden import spelled_out
from apps.plans.choices import KIND
from apps.plans.drawing import Drawing, act_of, draw_plan
from apps.plans.models import Plan
from apps.plans.patches.writing import patch_text
from apps.plans.reviewing import checks_of, needs_of, operations_of, shared_paths, size_in_words
from apps.plans.selectors.plans import Opened, opened, touched_by, waiting_beside
from apps.plans.services.reshaping import edit_plan, narrow_plan
from apps.plans.services.weighing import scales_of_plan
from apps.policies.ports import Approval, Verdict


class PlanSubject:
    label = "Plan"

    def summaries(self, ids: Collection[UUID]) -> Mapping[UUID, Summary]:
        rows = list(Plan.objects.filter(id__in=ids).defer("sealed", "sealed_intent"))
        names = names_of(row.proposer_id for row in rows)
        touched = touched_by(rows)
        return {
            row.id: Summary(
                sentence=f"{names[row.proposer_id]} {touched[row.id].words}",
                url=reverse("admin:plans_plan_change", args=[row.id]),
                size=size_in_words(row.operations, row.lines_added + row.lines_removed),
                touches=touched[row.id].paths,
            )
            for row in rows
        }

    def change(self, subject_id: UUID) -> Change:
        found = self._opened(subject_id)
        if found is None:
            raise NotFound
        drawing = draw_plan(found.sent, name=found.artifact.document["name"])
        said = (found.sent.intent, found.sent.context)
        return Change(
            digest=found.artifact.digest,
            operations=operations_of(found.artifact, needs_of(drawing.files)),
            checks=checks_of(found.artifact),
            rationale=spelled_out("\n\n".join(text for text in said if text.strip())),
            editable=self._editable(drawing),
        )

    def impact(self, subject_id: UUID, *, actor: Actor) -> tuple[Affected, ...]:
        """Other plans that wait and touch the same files: once one of them is applied, the other
        may not apply any more."""
        row, found = self._row(subject_id), self._opened(subject_id)
        if row is None or found is None:
            return ()
        others = waiting_beside(row, actor)
        alike = shared_paths(found.artifact, touched_by(others))
        told = self.summaries({plan for _, plans in alike.values() for plan in plans})
        asked = pending_about(kind=KIND, subjects=told)
        return tuple(_alike(alike, told, asked))

    def _editable(self, drawing: Drawing) -> tuple[Editable, ...]:
        """A plan without changes has nothing that could be edited; Rego would not see what was."""
        if not drawing.files or settings.OPA_ENABLE:
            return ()
        return (Editable(name="patch", label="The patch", text=patch_text(drawing.files)),)

    def digest(self, subject_id: UUID) -> str | None:
        found = self._opened(subject_id)
        return found.artifact.digest if found else None

    def judge(self, subject_id: UUID, *, by: UUID | None = None) -> Verdict | None:
        row, found = self._row(subject_id), self._opened(subject_id)
        scales = scales_of_plan(row, by=by) if row and found else None
        if row is None or found is None or scales is None:
            return None
        return scales.weigh(act_of(draw_plan(found.sent, name=row.name)))

    def reshape(
        self,
        subject_id: UUID,
        *,
        actor: Actor,
        edits: Mapping[str, Any] | None = None,
        operations: Sequence[int] | None = None,
    ) -> Reshaped:
        if edits is not None:
            return edit_plan(plan_id=subject_id, edits=edits, actor=actor)
        if operations is not None:
            return narrow_plan(plan_id=subject_id, operations=operations, actor=actor)
        raise NotReshapable

    def _row(self, plan_id: UUID) -> Plan | None:
        return _plan.first(id=plan_id)

    def _opened(self, plan_id: UUID) -> Opened | None:
        """None: it is gone, or its keys are."""
        row = self._row(plan_id)
        try:
            return opened(row) if row else None
        except (KeysErased, Undecipherable):
            return None


@prepared
def _plan(*, id: UUID) -> QuerySet[Plan]:
    return Plan.objects.filter(id=id)


def _alike(
    alike: Mapping[str, tuple[str, Sequence[UUID]]],
    told: Mapping[UUID, Summary],
    asked: Mapping[UUID, Approval],
) -> Iterator[Affected]:
    for path, (verb, plans) in alike.items():
        yield Affected(key=path, label=spelled_out(path), kind="file", how=f"{verb} here")
        for plan in plans:
            request = asked.get(plan)
            yield Affected(
                key=str(plan),
                label=told[plan].sentence,
                kind="plan",
                how="waits, and touches the same file",
                of=path,
                url=reverse("admin:review_request", args=[request.id]) if request else "",
            )
