"""What the files say, proposed to the workspace: each with what it needs of others, and against the
versions that both sides last agreed on.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from apps.approvals.choices import Because
from apps.common.errors import DomainError
from apps.ledger.services import record
from apps.mirror.choices import FileState, Inwards
from apps.mirror.disk import digest_of
from apps.mirror.errors import NotNow
from apps.mirror.events import FileConflicted
from apps.mirror.grouping import Group, groups_of, together_as_one
from apps.mirror.holding import Held, kept, marks
from apps.mirror.outcomes import DONE, SAID, is_of_the_moment, may_pass, state_of
from apps.mirror.services.sheets import (
    Desk,
    Look,
    Sheet,
    keep,
    note,
    refuse,
    save,
    stand,
    unless_it_fails,
)
from apps.policies.selectors.policies import hourly_rules_of, policy_in_force
from apps.specs.choices import Op, ProposalState
from apps.specs.errors import OperationsInvalid
from apps.specs.paper.differing import Present, operations_between
from apps.specs.paper.leaves import Leaf, Library
from apps.specs.paper.reading import Unreadable
from apps.specs.selectors.exporting import leaves_at
from apps.specs.selectors.proposals import the_proposal
from apps.specs.selectors.prospects import revision_of
from apps.specs.services.closing import withdraw_mutation
from apps.specs.services.proposing import MOST_OPERATIONS, applied_at_once, fitting, propose
from apps.specs.services.submitting import Submitted

OPEN = frozenset({ProposalState.IN_REVIEW, ProposalState.STALE, ProposalState.QUEUED})
"""These may still be applied."""
FOLLOWED = frozenset(
    {
        *(ProposalState.IN_REVIEW, ProposalState.STALE, ProposalState.CONFLICTED),
        ProposalState.CHANGES_REQUESTED,
    }
)
"""A newer one may take the place of these."""
KEPT_OUT = frozenset({ProposalState.POLICY_DENIED, ProposalState.INVALID})
FEW = 3
TAKEN_BACK = "What waited of it was withdrawn."


def propose_all(desk: Desk, pages: Sequence[Look]) -> None:
    """And nothing waits of what is not taken any more, whatever people say."""
    _propose_all(desk, pages)
    if not desk.manner.dry_run:
        _take_back(desk, desk.unread)


def _propose_all(desk: Desk, pages: Sequence[Look]) -> None:
    """Those that were known come first: of two that claim the same, the newer one is wrong."""
    pages = sorted(pages, key=lambda page: (page.sheet.row.document is None, page.sheet.path))
    while pages:
        present, wanted = _compared(desk, pages)
        try:
            operations = operations_between(present, wanted, delete=True)
        except Unreadable as error:
            wrong = {
                fault.place.rpartition(":")[0]: f"{fault.place}: {fault.message}"
                for fault in reversed(error.faults)
            }
            for page in pages:
                if page.sheet.path in wrong:
                    said = wrong[page.sheet.path]
                    refuse(desk, page.sheet, FileState.UNREADABLE, said)
            pages = [page for page in pages if page.sheet.path not in wrong]
            continue
        return _send(desk, pages, present, operations)
    return None


def _take_back(desk: Desk, sheets: Sequence[Sheet]) -> None:
    """What they said before is not what they say: where that waits, nobody is asked about it."""
    for sheet in sheets:
        row, before = sheet.row, sheet.row.proposal
        if before is None or before.state not in OPEN:
            continue
        try:
            found = the_proposal(proposal_id=before.id, actor=desk.actor)
            if found.state in OPEN:  # and not superseded by what others of it say
                _withdraw(desk, [before.id], Because.OUTDATED)
        except DomainError:
            desk.later = True
            continue
        if found.state not in DONE:
            row.proposal = None
            if not FileState(row.state).may_be_taken:  # once it is, it may say the same again
                row.offered = None
            desk.told.faults[row.path] = row.said = f"{row.said} {TAKEN_BACK}"
            save(sheet)


def _withdraw(desk: Desk, proposals: Iterable[UUID], because: Because) -> None:
    for each in proposals:
        withdraw_mutation(proposal_id=each, actor=desk.actor, because=because)


def _compared(desk: Desk, pages: Sequence[Look]) -> tuple[Present, Library]:
    chart = desk.chart
    before = [one for page in pages for one in page.agreed if chart.live(one.id)]
    there = {one.id for one in before}
    named = {one.id for page in pages for one in page.sheet.disk if one.id}
    elsewhere = leaves_at(chart, named - there)
    adopted = [leaf for id_, leaf in elsewhere.items() if chart.live(id_)]
    leaves = [*_as_called(desk, before), *adopted]
    standing = there | {leaf.id for leaf in adopted}
    present = Present(
        library=Library(leaves=tuple(leaves)),
        gone={id_: leaf for id_, leaf in elsewhere.items() if not chart.live(id_)},
        keys=chart.keys,
        besides={
            id_: spot.key
            for id_, spot in chart.spots.items()
            if spot.is_live and id_ not in standing
        },
    )
    wanted = [replace(one.leaf, id=one.id) for page in pages for one in page.sheet.disk]
    return present, Library(leaves=tuple(wanted))


def _as_called(desk: Desk, held: Sequence[Held]) -> Iterator[Leaf]:
    """By the keys that they have now."""
    spots, keys = desk.chart.spots, desk.chart.keys
    for one in held:
        above = spots.get(keys.get((one.leaf.parent or "").casefold(), ""))
        parent = above.key if above else one.leaf.parent
        yield replace(one.leaf, id=one.id, key=spots[one.id].key, parent=parent)


def _send(
    desk: Desk, pages: Sequence[Look], present: Present, operations: list[dict[str, Any]]
) -> None:
    by_path = {page.sheet.path: page for page in pages}
    where = _where(pages, present)
    shared: dict[Any, set[str]] = defaultdict(set)
    for page in pages:
        if page.sheet.row.proposal_id:
            shared[page.sheet.row.proposal_id].add(page.sheet.path)
    groups = groups_of(
        _on_bases(operations, pages),
        paths=where,
        bound=list(shared.values()),
        together=[page.sheet.path for page in pages if page.sheet.row.document is None],
        most=MOST_OPERATIONS,
        most_lines=policy_in_force(desk.workspace).document.max_diff_lines,
    )
    for group in groups:
        _propose(desk, [by_path[path] for path in group.paths], group)
    left = by_path.keys() - {path for group in groups for path in group.paths}
    if left and present.gone:  # what is to come back comes first, and alone
        desk.again |= not desk.later
        return
    for path in left:
        _agree(desk, by_path[path].sheet, pages)


def _agree(desk: Desk, sheet: Sheet, pages: Sequence[Look]) -> None:
    """What it says stood in another file, or says the same in other words."""
    there = {one.id: one for page in pages for one in (*page.sheet.graph, *page.agreed)}
    if not desk.manner.dry_run and all(one.id in there for one in sheet.disk):
        agreed = [replace(there[one.id], leaf=one.leaf) for one in sheet.disk]
        keep(sheet, agreed, FileState.AGREED)
        save(sheet)


def _where(pages: Sequence[Look], present: Present) -> dict[str, set[str]]:
    """The files of each node: where it stood, and where it stands."""
    where: dict[str, set[str]] = defaultdict(set)
    keys = {leaf.id: leaf.key.casefold() for leaf in present.library.leaves}
    for page in pages:
        for one in (*page.agreed, *page.sheet.disk):
            for name in {one.id, one.leaf.key.casefold(), keys.get(one.id, "")} - {""}:
                where[name].add(page.sheet.path)
    return where


def _on_bases(operations: Sequence[dict[str, Any]], pages: Sequence[Look]) -> list[dict[str, Any]]:
    """Each on the version that was agreed on, so that a rebase knows what came in between."""
    versions = {one.id: one.version for page in pages for one in page.agreed if one.version}
    return [
        {**each, "base": versions[each["target"]]}
        if each["op"] not in ("link", "unlink", "restore") and each.get("target") in versions
        else each
        for each in operations
    ]


class _Spoiled(Exception):
    """One of several would keep all of them out."""


def _propose(desk: Desk, pages: Sequence[Look], group: Group) -> None:
    try:
        _propose_at_once(desk, pages, group)
    except _Spoiled:
        half = len(group.parts) // 2
        is_open = False
        for some in (group.parts[:half], group.parts[half:]):
            part = together_as_one(some, is_chain=group.is_chain)
            paths = frozenset(part.paths)
            those = [page for page in pages if page.sheet.path in paths]
            if is_open:
                _leave(desk, those)
            else:
                _propose(desk, those, part)
            is_open = group.is_chain and any(map(_is_open, those))


def _is_open(page: Look) -> bool:
    row = page.sheet.row
    return bool(row.proposal and row.state == FileState.WAITS and row.proposal.state not in DONE)


def _leave(desk: Desk, pages: Sequence[Look]) -> None:
    _put_off(desk, [page.sheet for page in pages], "It may need what waits for people.")


def _put_off(desk: Desk, sheets: Sequence[Sheet], said: str) -> None:
    """It is asked for again although nothing moves: that the file was read is not noted."""
    desk.later = True
    for sheet in sheets:
        row = sheet.row
        desk.told.faults[sheet.path] = said
        if row._state.adding and sheet.content is not None:  # so that it is missed once it is gone
            row.digest = digest_of(sheet.content)
        waits = row.proposal is not None and row.proposal.state in OPEN
        stand(row, FileState.WAITS if waits else FileState.REFUSED, said)
    if not desk.manner.dry_run:
        save(*sheets)


def _propose_at_once(desk: Desk, pages: Sequence[Look], group: Group) -> None:
    fit = fitting(group.operations)
    now = group.operations[:fit]
    is_part = fit < len(group.operations) or any(each["op"] == Op.RESTORE for each in now)
    sheets = [page.sheet for page in pages]
    before = {sheet.row.proposal_id: sheet.row.proposal for sheet in sheets if sheet.row.proposal}
    waiting = [each for each in before.values() if each.state in FOLLOWED]
    follows = waiting[0] if waiting else None
    open_ones = [] if desk.manner.dry_run else [each.id for each in waiting if each.state in OPEN]

    def keep_offer(submitted: Submitted) -> None:
        state, verdict = submitted.proposal.state, submitted.verdict
        denied = state == ProposalState.POLICY_DENIED
        if group.parts and state in KEPT_OUT and not (denied and is_of_the_moment(verdict)):
            raise _Spoiled  # and nothing of it is kept
        if denied and may_pass(verdict, hourly=hourly_rules_of(desk.workspace)):
            raise NotNow(_told(submitted)[1])
        if state in OPEN:  # of several it is one now
            _withdraw(desk, {*open_ones} - {follows and follows.id}, Because.REVISED)
        else:
            _withdraw(desk, open_ones, Because.OUTDATED)
        for page in pages:
            row = page.sheet.row
            row.proposal, row.heard = submitted.proposal, submitted.proposal.state
            row.is_part = is_part
            row.offered = kept(page.sheet.disk)
            row.nodes, row.agreed = marks(page.agreed), kept(page.agreed)
            state, said = _told(submitted, waited=bool(open_ones))
            note(page.sheet, state, said)
        save(*(page.sheet for page in pages))
        for page in pages:
            if page.sheet.row.state == FileState.CONFLICTS:
                record(FileConflicted(file=page.sheet.row.id, proposal=submitted.proposal.id))

    names = [sheet.path for sheet in sheets]
    try:
        with unless_it_fails(sheets):
            submitted = propose(
                title=_title(sheets),
                rationale="Said by these files:\n\n" + "".join(f"- {name}\n" for name in names),
                sent=now,
                actor=desk.actor,
                workspace=desk.workspace,
                asks_people=desk.manner.inwards == Inwards.PROPOSE,
                follows=follows,
                dry_run=desk.manner.dry_run,
                keep=None if desk.manner.dry_run else keep_offer,
            )
    except OperationsInvalid as error:
        if group.parts:
            raise _Spoiled from error
        if revision_of(desk.workspace) != desk.chart.revision:  # somebody was quicker
            desk.later = True
            return
        said = "; ".join(str(each["message"]) for each in error.details or ()) or str(error)
        for sheet in sheets:
            sheet.row.offered = kept(sheet.disk)
            refuse(desk, sheet, FileState.REFUSED, said)
        if not desk.manner.dry_run:
            _take_back(desk, sheets)
        return
    except DomainError as error:
        _put_off(desk, sheets, str(error))
        return
    proposal = submitted.proposal
    if desk.manner.dry_run and group.parts and proposal.state in KEPT_OUT:
        raise _Spoiled
    if desk.manner.dry_run:
        desk.told.would += [_in_words(operation) for operation in group.operations]
    elif applied_at_once(submitted):
        desk.again = True
    for name in names:
        if said := _told(submitted, waited=bool(open_ones))[1]:
            desk.told.faults[name] = said
    desk.told.proposed.append((proposal.id, proposal.state, ", ".join(names)))


def _told(submitted: Submitted, *, waited: bool = False) -> tuple[FileState, str]:
    """With what the checks or the policy said. `waited`: something did, until it came."""
    proposal = submitted.proposal
    state, said = state_of(proposal.state)
    if proposal.state == ProposalState.INVALID:
        found = [f"{each.key}: {each.message}" for each in submitted.findings[:FEW]]
        said = " ".join([SAID[proposal.state], *found])
    if proposal.state == ProposalState.POLICY_DENIED and submitted.verdict:
        said = " ".join([said, *(each.message for each in submitted.verdict.denials[:FEW])])
    if waited and proposal.state in SAID:
        said = f"{said} {TAKEN_BACK}"
    return state, said


def _title(sheets: Sequence[Sheet]) -> str:
    if all(sheet.content is None for sheet in sheets):
        done = "deleted"
    else:
        done = "added" if all(sheet.row.document is None for sheet in sheets) else "edited"
    if len(sheets) == 1:
        return f"{sheets[0].path} {done}"[:200]
    return f"{len(sheets)} files {done}"


def _in_words(operation: dict[str, Any]) -> str:
    return f"{operation['op']} {operation.get('key') or operation.get('target')}"
