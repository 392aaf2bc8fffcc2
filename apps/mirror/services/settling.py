"""What became of the proposals that files wait for."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from apps.mirror.choices import FileState
from apps.mirror.holding import Held, kept, marks, naming, read, says_the_same
from apps.mirror.models import MirroredFile
from apps.mirror.outcomes import DONE, LEFT_OUT, state_of
from apps.mirror.services.sheets import load_what_was_said
from apps.specs.choices import ProposalState
from apps.specs.paper.leaves import Leaf
from apps.specs.selectors.exporting import Chart, leaves_at
from apps.specs.selectors.proposals import latest_of, open_rest_of


def settle(
    rows: Iterable[MirroredFile], chart: Chart, owners: dict[str, MirroredFile]
) -> list[MirroredFile]:
    """Rows whose proposal has come to something, with what it has come to; not yet saved.
    `owners`: the files of documents."""
    moved, done = [], []
    for row in rows:
        if row.proposal is None:
            continue
        row.heard, before = row.proposal.state, row.proposal
        proposal = row.proposal = latest_of(before)
        if proposal.state in DONE:
            done.append(row)
        elif proposal.state == ProposalState.APPLY_FAILED and proposal.onto < chart.revision:
            row.offered, row.proposal = None, None  # it may be proposed as the graph is now
            moved.append(row)
        elif row.state != (stands := state_of(proposal.state))[0] or proposal != before:
            row.state, row.said = stands
            moved.append(row)
    return moved + _taken_over(done, chart, owners)


def _taken_over(
    rows: Sequence[MirroredFile], chart: Chart, owners: dict[str, MirroredFile]
) -> list[MirroredFile]:
    """What the files said was applied, so far as it touched: both agree on that."""
    load_what_was_said(rows)
    proposals = {row.proposal_id: row.proposal for row in rows if row.proposal}
    touched = {id_: {str(node) for node in proposal.touches} for id_, proposal in proposals.items()}
    rests = {id_: open_rest_of(proposal) for id_, proposal in proposals.items()}
    offered = {row.id: [_found(held, chart) for held in read(row.offered or [])] for row in rows}
    named = {held.id for some in offered.values() for held in some}
    there = leaves_at(chart, named & {node for some in touched.values() for node in some})
    for row in rows:
        changed = touched[row.proposal_id]
        agreed = _agreed(offered[row.id], row, changed, there, chart)
        if agreed and owners.setdefault(agreed[0].id, row) is not row:  # a copy
            agreed, row.offered = [], None
        row.nodes, row.agreed = marks(agreed), kept(agreed)
        if agreed:
            row.document = UUID(agreed[0].id)
        rest = rests[row.proposal_id]
        if rest is None and row.is_part:
            row.offered = None
        row.proposal, row.is_part = rest, False
        waits = rest or not row.offered
        row.state, row.said = (FileState.WAITS, "") if waits else (FileState.REFUSED, LEFT_OUT)
    return list(rows)


def _agreed(
    offered: Sequence[Held],
    row: MirroredFile,
    touched: set[str],
    there: Mapping[str, Leaf],
    chart: Chart,
) -> list[Held]:
    """Where something came to be otherwise, by an edit or a merge, the version that was agreed on
    is none that there is: so the file is written."""
    before = {held.id: held for held in read(row.agreed, row.nodes)}
    names = naming(chart.keys)
    homes = {str(row.document), *(held.id for held in offered[:1])}
    agreed: list[Held] = []
    for held in offered:
        if row.is_part and held.id not in before and _stands_apart(held, homes, chart):
            continue  # it was restored, and is yet to be moved here
        if held.id in touched and held.id in there and chart.live(held.id):
            spot, same = chart.spots[held.id], says_the_same(held.leaf, there[held.id], names)
            now = replace(held, version=spot.version, linked=spot.linked)
            if same:
                agreed.append(now)
            elif row.is_part:  # the rest of what the file says of it was not proposed yet
                agreed.append(replace(now, leaf=there[held.id]))
            else:
                agreed.append(replace(held, version=0, linked=0))
        elif held.id in before:
            agreed.append(before[held.id])
    said = {held.id for held in agreed}
    return agreed + [one for id_, one in before.items() if id_ not in touched and id_ not in said]


def _stands_apart(held: Held, documents: Collection[str], chart: Chart) -> bool:
    return bool(chart.live(held.id)) and chart.root(held.id) not in documents


def _found(held: Held, chart: Chart) -> Held:
    id_ = held.id or chart.keys.get(held.leaf.key.casefold(), "")
    return replace(held, id=id_, leaf=replace(held.leaf, id=id_))
