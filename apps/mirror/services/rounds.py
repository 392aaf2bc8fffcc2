"""A folder and a workspace made alike, in both directions. Whatever stops it, it can be asked for
again and goes on where it was: every file says in its row what both sides last agreed on.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from apps.approvals.choices import Because
from apps.common.actors import Actor
from apps.common.errors import DomainError
from apps.common.rows import update
from apps.ledger.services import record, unit
from apps.ledger.switch import staying_open
from apps.mirror.choices import FileState, Inwards
from apps.mirror.deciding import decide
from apps.mirror.disk import Scan, Seen, content_of, digest_of, scan
from apps.mirror.holding import Held, kept, read, says_the_same
from apps.mirror.models import Mirror, MirroredFile
from apps.mirror.outcomes import LEFT_OUT, has_stirred, state_of
from apps.mirror.recognising import New, recognised, renamed
from apps.mirror.services.doubting import Doubts
from apps.mirror.services.inwards import propose_all
from apps.mirror.services.outwards import drop_patches, write_new, write_out
from apps.mirror.services.owning import hand_over, stand_elsewhere
from apps.mirror.services.settling import settle
from apps.mirror.services.sheets import (
    Desk,
    Look,
    Manner,
    Sheet,
    Told,
    as_gone,
    keep,
    load_what_was_said,
    note,
    refuse,
    rows_of,
    save,
    save_rows,
)
from apps.mirror.texts import read_page
from apps.specs.paper.folder import text_of
from apps.specs.paper.leaves import Leaf, PaperFault
from apps.specs.paper.reading import Unreadable
from apps.specs.paper.referring import with_links
from apps.specs.selectors.exporting import chart_of
from apps.specs.selectors.prospects import revision_of
from apps.specs.services.closing import withdraw_mutation

MOST_PASSES = 200
"""Each applies something and looks at what came of it."""
Progress = Callable[[int], None]


def keep_alike(
    *,
    mirror: Mirror,
    folder: Path,
    actor: Actor,
    manner: Manner,
    progress: Progress = lambda _: None,
) -> Told:
    """Raises Unreadable where the folder cannot be read."""
    told = Told()
    for _ in range(MOST_PASSES):
        again = _Pass(mirror, folder, actor, manner, told, progress).run()
        if not again or manner.dry_run:
            break
    return told


class _Pass:
    def __init__(
        self,
        mirror: Mirror,
        folder: Path,
        actor: Actor,
        manner: Manner,
        told: Told,
        progress: Progress,
    ) -> None:
        self.mirror, self.folder, self.actor = mirror, folder, actor
        self.manner, self.told, self.progress = manner, told, progress
        self.rows = {row.path: row for row in rows_of(mirror)}
        self.owners = {str(row.document): row for row in self.rows.values() if row.document}
        """The files of documents."""
        self.doubts = Doubts(mirror, delete_many=manner.delete_many)
        self.revision = revision_of(mirror.workspace_id)
        told.revision, told.is_left = self.revision, False
        self.has_moved = self.revision != mirror.revision

    def run(self) -> bool:
        """Whether there is more to do at once."""
        found = scan(self.folder, self._known())
        gone = self._gone(found)
        waiting = [row for row in self.rows.values() if row.proposal_id]
        stirred = [row for row in waiting if has_stirred(row)]
        accepts = self.manner.accepts is not None
        self._tell(found)
        moved = found.contents or gone or stirred or self.has_moved or accepts
        if not moved:
            self._say()
            return False
        chart = chart_of(workspace=self.mirror.workspace_id, actor=self.actor)
        self.desk = Desk(
            mirror=self.mirror,
            folder=self.folder,
            actor=self.actor,
            manner=self.manner,
            chart=chart,
        )
        self.desk.told, self.desk.later = self.told, found.is_left
        settled = settle(waiting, self.desk.chart, self.owners)
        done = [row for row in settled if self._is_settled(row, found)]
        settled = [row for row in settled if row.state != FileState.AGREED]
        if not self.manner.dry_run:
            save_rows(done)
        self._look(found, gone, settled)
        if not self.manner.dry_run:
            self.doubts.count()
            update([row for row in stirred if row.pk], ["heard"])
        self._say()
        self.told.revision = self.desk.chart.revision
        self.told.is_left = self.desk.again or self.desk.later
        if not self.manner.dry_run:
            self.mirror.revision = 0 if self.told.is_left else self.told.revision
            self.mirror.looked_at = timezone.now()
            self.mirror.save(update_fields=["revision", "looked_at"])
        return self.desk.again

    def _known(self) -> dict[str, Seen]:
        """What has to be read only when it has moved. What could not be taken may be, once the
        workspace has moved."""
        return {
            path: Seen(size=row.size, mtime_ns=row.mtime_ns)
            for path, row in self.rows.items()
            if row.digest and (FileState(row.state).may_be_taken or not self.has_moved)
        }

    def _gone(self, found: Scan) -> list[MirroredFile]:
        """Rows of files that were there and are not."""
        return [
            row
            for path, row in self.rows.items()
            if row.digest
            and path not in found.there
            and path not in found.faults
            and not found.hides(path)
        ]

    def _tell(self, found: Scan) -> None:
        faults = self.told.faults  # what was read anew is told anew
        self.told.faults = {path: faults[path] for path in faults.keys() - found.contents.keys()}
        self.told.faults |= found.faults
        for path, fault in found.faults.items():
            row = self.rows.get(path)
            if row and (row.state, row.said) != (FileState.UNREADABLE, fault):
                row.state, row.said, row.moved_at = FileState.UNREADABLE, fault, timezone.now()
                row.size = row.mtime_ns = 0  # as soon as it can be read, it is
                if not self.manner.dry_run:
                    row.save(update_fields=["state", "said", "moved_at", "size", "mtime_ns"])

    def _say(self) -> None:
        """Of the folder as a whole, and once."""
        if self.told.said != self.mirror.said and not self.manner.dry_run:
            self.mirror.said = self.told.said
            with staying_open(), unit(actor=self.actor, workspace=self.mirror.workspace_id):
                self.mirror.save(update_fields=["said"])
                if self.doubts.gone:
                    record(self.doubts.as_event())

    def _look(self, found: Scan, gone: list[MirroredFile], settled: list[MirroredFile]) -> None:
        sheets = self._sheets(found, gone, settled)
        self.desk.fill(sheets)
        looks = []
        for sheet in sheets:
            self._forget_strangers(sheet)
            looks.append(self._compare(sheet))
            self.progress(1)
        pages = self._pages(looks)
        taken = {*self.rows, *found.there, *found.faults, *(sheet.path for sheet in sheets)}
        held = {str(row.document) for row in self.rows.values() if row.document}
        held |= {one.id for sheet in sheets for one in sheet.disk}  # also what is yet to move there
        write_new(self.desk, [id_ for id_ in self.desk.documents if id_ not in held], taken)
        files = {row.path for row in self.rows.values() if row.pk}
        drop_patches(self.desk, {sheet.path for sheet in sheets}, files)
        if self.manner.inwards != Inwards.OFF:
            propose_all(self.desk, pages)

    # --- which files, and what they say

    def _sheets(
        self, found: Scan, gone: list[MirroredFile], settled: list[MirroredFile]
    ) -> list[Sheet]:
        chart = self.desk.chart
        leaves: dict[str, Sequence[Leaf]] = {}
        sheets: dict[str, Sheet] = {}
        lost = {row.path: row for row in gone}
        paths = [*found.contents, *(row.path for row in [*settled, *self._moved_rows()])]
        paths += [row.path for row in self.rows.values() if self.manner.accepts_path(row.path)]
        touched = {self.rows[path].proposal_id for path in paths if path in self.rows}
        touched |= {row.proposal_id for row in gone}
        paths += [row.path for row in self.rows.values() if row.proposal_id in touched - {None}]
        if gone or found.contents:  # a copy may be all that is left of it
            paths += [row.path for row in self.rows.values() if row.state == FileState.ELSEWHERE]
        paths += [row.path for row in self.rows.values() if row.document and not row.digest]
        fresh: list[New] = []
        for path in dict.fromkeys(paths):
            if path in lost:
                continue
            sheet = self._sheet(path, found)
            if sheet is None:
                continue
            page = self._read(sheet)
            if page is None:
                continue
            sheets[path], leaves[path] = sheet, page
            if sheet.row._state.adding:
                digest = digest_of(sheet.content or b"")
                fresh.append(New(path=path, leaves=page, digest=digest, text=sheet.text))
        load_what_was_said(gone if fresh else ())
        names = renamed([as_gone(row) for row in gone], fresh, chart) if fresh and gone else {}
        for path, before in names.items():
            row = lost.pop(before)
            row.path, sheets[path].row = path, row
            page = self._read(sheets[path])
            if page is None:
                del sheets[path], leaves[path]
            else:
                leaves[path] = page
        believed = self.doubts.believed(lost.values(), self.rows.values())
        self.told.said = self.doubts.said
        self.desk.is_doubted = bool(self.told.said)
        for row in believed:
            sheets[row.path] = Sheet(row=row, content=None)
        self._link(leaves)
        documents = {path: str(sheets[path].row.document or "") for path in leaves}
        load_what_was_said(sheet.row for sheet in sheets.values())
        held = {path: sheet.agreed for path, sheet in sheets.items()}
        for path, disk in recognised(leaves, held, documents, chart).items():
            sheets[path].disk = disk
        hand_over(sheets, self.owners, dry_run=self.manner.dry_run)
        there = [row for row in self.rows.values() if row.path in found.there]
        for sheet, said in stand_elsewhere(sheets, there, self.owners, chart):
            refuse(self.desk, sheet, FileState.ELSEWHERE, said)
            del sheets[sheet.path]
        return list(sheets.values())

    def _is_settled(self, row: MirroredFile, found: Scan) -> bool:
        """Whether what it said was taken as it is: then it need not be read again."""
        is_read = row.path in found.contents or row.path in found.faults
        if row.proposal_id or not row.offered or is_read:
            return False
        taken = read(row.agreed, row.nodes)
        if not (all(held.version for held in taken) and self._alike(taken, read(row.offered))):
            return False
        row.state, row.said, row.offered = FileState.AGREED, "", None
        row.moved_at = timezone.now()
        return True

    def _moved_rows(self) -> list[MirroredFile]:
        """Files of which the workspace has something else by now."""
        if not self.has_moved:
            return []
        chart, documents = self.desk.chart, self.desk.documents
        moved = []
        for row in self.rows.values():
            ids = documents.get(str(row.document), []) if row.document else []
            now = [[id_, chart.spots[id_].version, chart.spots[id_].linked] for id_ in ids]
            if now != row.nodes:
                moved.append(row)
        return moved

    def _sheet(self, path: str, found: Scan) -> Sheet | None:
        row = self.rows.get(path) or MirroredFile(
            mirror=self.mirror, workspace_id=self.mirror.workspace_id, path=path
        )
        if path in found.contents:
            return Sheet(row=row, content=found.contents[path], seen=found.there[path])
        read_now = content_of(self.folder, path)
        if read_now is None:
            return None if row.digest else Sheet(row=row, content=None)
        return Sheet(row=row, content=read_now[0], seen=read_now[1])

    def _read(self, sheet: Sheet) -> tuple[Leaf, ...] | None:
        """Nothing where it cannot be understood, which is told."""
        if sheet.content is None:
            return ()
        path, spot = sheet.path, self.desk.chart.live(str(sheet.row.document or ""))
        text = text_of(path, sheet.content)
        if isinstance(text, PaperFault):
            refuse(self.desk, sheet, FileState.UNREADABLE, f"{text.place}: {text.message}")
            return None
        try:
            return read_page(
                text,
                path=path,
                key=spot.key if spot else "",
                known=self.desk.known,
                may_take=self._may_be,
            )
        except Unreadable as error:
            fault = error.faults[0]
            refuse(self.desk, sheet, FileState.UNREADABLE, f"{fault.place}: {fault.message}")
            return None

    def _may_be(self, leaf: Leaf) -> bool:
        """What a new file calls itself is new, or was in a file: in none, it is something else."""
        node = self.desk.chart.keys.get(leaf.key.casefold())
        return node is None or node in self.owners

    def _link(self, pages: dict[str, Sequence[Leaf]]) -> None:
        """What their texts refer to, as links."""
        every = [leaf for page in pages.values() for leaf in page]
        linked, nowhere = with_links(every, elsewhere=self.desk.ways)
        at = 0
        for path, page in pages.items():
            pages[path], at = linked[at : at + len(page)], at + len(page)
            self.told.notes += (f"{path}: {note}" for leaf in page for note in leaf.notes)
        self.told.notes += (f"{each.leaf.place}: {each.said}" for each in nowhere)

    def _forget_strangers(self, sheet: Sheet) -> None:
        """Owners are members. Who was one when a node was given to them may stay."""
        known = self.desk.owners | {one.leaf.owner for one in (*sheet.graph, *sheet.agreed)}
        sheet.disk = tuple(
            one if one.leaf.owner is None or one.leaf.owner in known else _without_owner(one)
            for one in sheet.disk
        )

    # --- what becomes of one

    def _compare(self, sheet: Sheet) -> Look:
        """And write what the workspace says."""
        offered = sheet.row.offered
        was_offered = offered is not None and self._alike(read(offered), sheet.disk)
        if sheet.content is None:  # what is gone from the disk is to be deleted
            gone = tuple(one for one in sheet.agreed if self.desk.chart.live(one.id))
            return Look(sheet=sheet, agreed=gone, proposes=bool(gone), was_offered=was_offered)
        decision = decide(sheet.agreed, sheet.disk, sheet.graph, self.desk.names)
        is_written = write_out(self.desk, sheet, decision)
        return Look(
            sheet=sheet,
            agreed=decision.agreed if is_written else sheet.agreed,
            proposes=decision.proposes,
            was_offered=was_offered,
            is_written=is_written,
        )

    def _pages(self, looks: Sequence[Look]) -> list[Look]:
        """Those that have to be proposed: with all that is in the same proposal already."""
        anew = {look.proposal for look in looks if not look.proposes or not look.was_offered}
        anew |= {sheet.row.proposal_id for sheet in self.desk.unread}
        pages = [
            look
            for look in looks
            if look.proposes and (not look.was_offered or look.proposal in anew - {None})
        ]
        open_ones: set[UUID] = {
            look.proposal
            for look in looks
            if look.proposal and look.proposal in anew and look.sheet.row.state == FileState.WAITS
        }
        stay = self._withdraw(open_ones - {page.proposal for page in pages})
        for look in looks:
            if look.proposal in stay:
                self.told.faults[look.sheet.path] = stay[look.proposal]
            elif not look.proposes:
                self._agree(look)
            elif look.was_offered and look not in pages:
                self._wait(look)
        return pages

    def _withdraw(self, proposals: Collection[UUID]) -> dict[UUID | None, str]:
        """Those that stay open, and why: their files do too."""
        stay: dict[UUID | None, str] = {}
        for proposal in () if self.manner.dry_run else proposals:
            try:
                withdraw_mutation(proposal_id=proposal, actor=self.actor, because=Because.OUTDATED)
            except DomainError as error:
                stay[proposal], self.desk.later = str(error), True
        return stay

    def _agree(self, look: Look) -> None:
        sheet = look.sheet
        if self.manner.dry_run:
            return
        if sheet.content is None:
            if not sheet.row._state.adding:
                sheet.row.delete()
            return
        if look.is_written:
            keep(sheet, look.agreed, FileState.AGREED)
        elif sheet.row.state == FileState.AGREED:
            note(sheet, FileState.WAITS, "The workspace says something else.")
        save(sheet)

    def _wait(self, look: Look) -> None:
        """Nothing is proposed twice: it waits, or was refused."""
        sheet, row = look.sheet, look.sheet.row
        if self.manner.dry_run:
            return
        state, said = (
            state_of(row.proposal.state) if row.proposal else (FileState.REFUSED, LEFT_OUT)
        )
        if look.is_written:
            row.offered = kept(sheet.disk)
            knows_why = row.state == state and state != FileState.WAITS
            keep(sheet, look.agreed, state, row.said if knows_why else said)
        save(sheet)

    def _alike(self, one: Sequence[Held], other: Sequence[Held]) -> bool:
        names = self.desk.names
        return len(one) == len(other) and all(
            says_the_same(mine.leaf, theirs.leaf, names)
            and (mine.leaf.parent or "").casefold() == (theirs.leaf.parent or "").casefold()
            for mine, theirs in zip(one, other, strict=True)
        )


def _without_owner(one: Held) -> Held:
    return replace(one, leaf=replace(one.leaf, owner=None))
