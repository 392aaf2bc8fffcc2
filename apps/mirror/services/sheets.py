"""What is known of the files of one pass: rows, what stands on the disk, and what the workspace has
of each.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from apps.accounts.models import Membership
from apps.common.actors import Actor
from apps.common.rows import insert, update
from apps.mirror.choices import FileState, Inwards, Outwards
from apps.mirror.disk import Seen, digest_of
from apps.mirror.holding import Held, Names, kept, marks, naming, on_chart, read
from apps.mirror.models import Mirror, MirroredFile
from apps.mirror.recognising import Gone, lines_of
from apps.mirror.texts import read_page
from apps.specs.paper.files import prefixes
from apps.specs.paper.headings import Known, knowing
from apps.specs.paper.leaves import Library
from apps.specs.paper.writing import write_document
from apps.specs.selectors.exporting import Chart, leaves_at
from apps.specs.selectors.kinds import kinds_of
from apps.specs.selectors.proposals import in_brief

LOOKED_AT = [
    *("path", "document", "digest", "size", "mtime_ns", "nodes", "agreed", "offered"),
    *("is_part", "proposal", "heard", "state", "said", "moved_at"),
]


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a folder is kept alike."""

    inwards: str = Inwards.POLICY
    outwards: str = Outwards.WRITE
    delete_many: bool = False
    dry_run: bool = False
    accepts: Collection[str] | None = None
    """Paths whose patches are written now; nothing in it: all of them."""

    def accepts_path(self, path: str) -> bool:
        return self.accepts is not None and (not self.accepts or path in self.accepts)


@dataclass(kw_only=True)
class Told:
    """What was done, or would be."""

    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    patched: list[str] = field(default_factory=list)
    proposed: list[tuple[UUID, str, str]] = field(default_factory=list)
    """Proposals: id, state, and the files that it is of."""
    would: list[str] = field(default_factory=list)
    """Operations that a dry run did not send."""
    faults: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What files say that could not be taken over as it stands."""
    said: str = ""
    """Of the folder as a whole."""
    revision: int = 0
    """Of the workspace, that the folder was compared with."""
    is_left: bool = False
    """Whether something has to be looked at again, although nothing moves."""

    @property
    def is_nothing(self) -> bool:
        return not (self.written or self.removed or self.patched or self.proposed or self.would)


@dataclass(kw_only=True)
class Sheet:
    """One file that has to be looked at."""

    row: MirroredFile
    content: bytes | None
    """None: it is gone."""
    seen: Seen | None = None
    disk: tuple[Held, ...] = ()
    graph: tuple[Held, ...] = ()

    @cached_property
    def agreed(self) -> tuple[Held, ...]:
        return read(self.row.agreed, self.row.nodes)

    @property
    def text(self) -> str:
        return (self.content or b"").decode()

    @property
    def path(self) -> str:
        return self.row.path


@dataclass(frozen=True, kw_only=True)
class Look:
    """What came of comparing one file."""

    sheet: Sheet
    agreed: tuple[Held, ...]
    proposes: bool
    """Whether it says what the workspace does not."""
    was_offered: bool
    """Whether that was proposed already."""
    is_written: bool = True
    """Whether it says what the workspace does, too."""

    @property
    def proposal(self) -> UUID | None:
        return self.sheet.row.proposal_id


class Desk:
    """Everything of one pass that does not change while it goes on."""

    def __init__(
        self, *, mirror: Mirror, folder: Path, actor: Actor, manner: Manner, chart: Chart
    ) -> None:
        self.mirror, self.folder, self.actor = mirror, folder, actor
        self.manner, self.chart = manner, chart
        self.workspace: UUID = mirror.workspace_id
        self.told = Told()
        self.patches: set[str] = set()
        """Paths of those that wait to be accepted."""
        self.is_doubted = False
        """Whether the folder may not be the one that it was: nothing is written there."""
        self.again = False
        """Whether something has come of it that has to be looked at, at once."""
        self.later = False
        """Whether something was left that has to be looked at again, although nothing moves."""
        self.unread: list[Sheet] = []
        """What says something that cannot be taken, whatever people say."""

    @cached_property
    def names(self) -> Names:
        return naming(self.chart.keys)

    @cached_property
    def documents(self) -> dict[str, list[str]]:
        return self.chart.documents()

    @cached_property
    def known(self) -> Known:
        live = {spot.key: spot.kind for spot in self.chart.spots.values() if spot.is_live}
        return knowing(prefixes(kinds_of(self.workspace).items()), live)

    @cached_property
    def ways(self) -> dict[str, str]:
        """What a text may refer to: keys, and files by their paths."""
        spots = self.chart.spots
        files = self.mirror.files.exclude(document=None).values_list("path", "document")
        ways = {spot.key.casefold(): spot.key for spot in spots.values() if spot.is_live}
        return ways | {path: spot.key for path, id_ in files if (spot := self.chart.live(str(id_)))}

    @cached_property
    def owners(self) -> frozenset[str]:
        """Who may look after something. Whoever else a file names is passed over."""
        members = Membership.objects.filter(workspace_id=self.workspace)
        return frozenset(str(id_) for id_ in members.values_list("user_id", flat=True))

    def fill(self, sheets: Iterable[Sheet]) -> None:
        """With what the workspace has of each, as its file would say it."""
        wanted = {sheet.path: self.documents.get(_document(sheet), []) for sheet in sheets}
        leaves = leaves_at(self.chart, {id_ for ids in wanted.values() for id_ in ids})
        for sheet in sheets:
            here = [leaves[id_] for id_ in wanted[sheet.path] if id_ in leaves]
            versions = {held.id: held.mark for held in sheet.agreed}
            now = on_chart(here, self.chart, of_graph=True)
            if now and any(versions.get(one.id) != one.mark for one in now):
                text = write_document(
                    here[0], Library(leaves=tuple(here)).below(), known=self.known
                )
                said = read_page(text, path=sheet.path, key=here[0].key, known=self.known)
                now = on_chart(said, self.chart, of_graph=True)
            sheet.graph = now


def _document(sheet: Sheet) -> str:
    if sheet.row.document:
        return str(sheet.row.document)
    return sheet.disk[0].id if sheet.disk else ""


def rows_of(mirror: Mirror) -> QuerySet[MirroredFile]:
    """Without what they say; and each proposal once, however many files it is of."""
    proposals = Prefetch("proposal", in_brief())
    return mirror.files.prefetch_related(proposals).defer("agreed", "offered")


def load_what_was_said(rows: Iterable[MirroredFile]) -> None:
    """It is read only of files that are looked at, and of all these at once."""
    lacking = {row.id: row for row in rows if row.get_deferred_fields()}
    for said in MirroredFile.objects.filter(id__in=lacking).only("agreed", "offered"):
        row = lacking[said.id]
        for name in row.get_deferred_fields():
            setattr(row, name, getattr(said, name))


def as_gone(row: MirroredFile) -> Gone:
    text = "\n".join(f"{one.leaf.title}\n{one.leaf.body}" for one in read(row.agreed, row.nodes))
    return Gone(
        path=row.path,
        document=str(row.document or ""),
        digest=row.digest,
        lines=lines_of(text),
    )


def keep(sheet: Sheet, agreed: Iterable[Held], state: str, said: str = "") -> None:
    """In the row, not yet saved."""
    row, agreed = sheet.row, list(agreed)
    row.nodes, row.agreed = marks(agreed), kept(agreed)
    if agreed:
        row.document = UUID(agreed[0].id)
    note(sheet, state, said)


def note(sheet: Sheet, state: str, said: str = "") -> None:
    """How it stands, and what was read of it."""
    row = sheet.row
    row.digest = digest_of(sheet.content) if sheet.content is not None else ""
    row.size, row.mtime_ns = (sheet.seen.size, sheet.seen.mtime_ns) if sheet.seen else (0, 0)
    stand(row, state, said)
    if state == FileState.AGREED:
        row.proposal, row.offered, row.is_part = None, None, False


def stand(row: MirroredFile, state: str, said: str) -> None:
    if row.state != state or row._state.adding:
        row.moved_at = timezone.now()
    row.state, row.said = state, said


@contextmanager
def unless_it_fails(sheets: Sequence[Sheet]) -> Iterator[None]:
    """What a unit of work notes of these is so only if it comes to its end."""
    rows = [sheet.row for sheet in sheets]
    before = [(row._state.adding, {name: getattr(row, name) for name in LOOKED_AT}) for row in rows]
    try:
        yield
    except Exception:
        for row, (is_new, said) in zip(rows, before, strict=True):
            row._state.adding = is_new
            for name, value in said.items():
                setattr(row, name, value)
        raise


def save(*sheets: Sheet) -> None:
    save_rows([sheet.row for sheet in sheets])


def save_rows(rows: Sequence[MirroredFile]) -> None:
    there = [row for row in rows if not row._state.adding]
    insert(row for row in rows if row._state.adding)
    update(there, LOOKED_AT)


def refuse(desk: Desk, sheet: Sheet, state: FileState, said: str) -> None:
    if not state.may_be_taken:
        desk.unread.append(sheet)
    desk.told.faults[sheet.path] = said
    note(sheet, state, said)
    if not desk.manner.dry_run:
        save(sheet)
