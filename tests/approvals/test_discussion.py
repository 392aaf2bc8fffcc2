"""What people say of a request: to whom, with what, and how it is kept."""

import base64

import pytest

from apps.accounts.choices import Role
from apps.accounts.keyring import decrypt
from apps.accounts.ports import exporters
from apps.approvals.choices import Said
from apps.approvals.errors import AttachmentRefused, NotOpen
from apps.approvals.models.people import Attachment, Comment
from apps.approvals.models.requests import Vote
from apps.approvals.selectors.discussion import (
    NOTHING_OPEN,
    comments_on,
    read_comments,
    still_open,
    the_attachment,
)
from apps.approvals.services.discussing import LARGEST_FILE, File, add_comment, read_file
from apps.common.errors import Invalid, NotAllowed, NotFound, TooLarge
from apps.ledger.models import Event
from tests.approvals.deciding import vote
from tests.factories import WorkspaceFactory, agent_of, member

PICTURE = File(name="burnt crust.png", media_type="image/png", content=b"\x89PNG\r\n\x1a\n crust")


def say(request, actor, text="How long does it bake?", **more):
    return add_comment(request_id=request.id, text=text, actor=actor, **more)


def ask_about(request, actor):
    return say(request, actor, said=Said.QUESTION)


def waiting(request):
    return still_open([request.id]).get(request.id, NOTHING_OPEN).questions


def told():
    found = Event.objects.filter(type="approvals.comment.added").order_by("seq")
    return [event.payload for event in found]


def test_reviewers_the_proposer_and_its_owner_write(request_, reviewer, baker, owner):
    for author in (reviewer, baker, owner):
        say(request_, author)
    assert [event["said"] for event in told()] == ["note"] * 3
    assert [one.row.author_id for one in read_comments(comments_on(request_))] == [
        reviewer.id,
        baker.id,
        owner.id,
    ]


def test_others_only_read(request_, workspace, owner):
    viewer, contributor = member(workspace, Role.VIEWER), member(workspace, Role.CONTRIBUTOR)
    for author in (viewer, contributor, agent_of(owner, workspace)):
        with pytest.raises(NotAllowed):
            say(request_, author)
    with pytest.raises(NotFound):
        say(request_, member(WorkspaceFactory.create(), Role.OWNER))
    assert not Comment.objects.exists()
    assert told() == []


def test_what_is_said_is_sealed_and_stands_in_no_event(request_, workspace, reviewer):
    comment = say(request_, reviewer, "Rye, please!", files=[PICTURE])
    kept, file = Comment.objects.get(), Attachment.objects.get()
    for sealed in (kept.sealed, file.sealed, file.sealed_name):
        assert not any(word in bytes(sealed) for word in (b"Rye", b"PNG", b"crust"))
    said = decrypt(workspace.id, bytes(kept.sealed), context=comment.context)
    assert said == b"Rye, please!"
    assert not Event.objects.filter(payload__icontains="crust").exists()
    assert not Event.objects.filter(payload__icontains="rye,").exists()


def test_hidden_characters_are_spelled_out_when_it_is_read(request_, reviewer):
    say(request_, reviewer, "Good\u200bbread\U000e0041")
    [read] = read_comments(comments_on(request_))
    assert read.text == ("Good⟨U+200B ZERO WIDTH SPACE⟩bread⟨U+E0041 TAG LATIN CAPITAL LETTER A⟩")


@pytest.mark.parametrize("text", ["", "  \n", "x" * 10_001, "a\0b", "\ud800"])
def test_a_text_that_says_nothing_is_refused(request_, reviewer, text):
    with pytest.raises(Invalid):
        say(request_, reviewer, text)
    assert not Comment.objects.exists()


# --- questions and answers


def test_a_question_is_open_until_who_proposed_it_answers(
    request_, baker, reviewer, other_reviewer
):
    question = ask_about(request_, reviewer)
    assert waiting(request_) == 1
    say(request_, other_reviewer, "An hour, I think.", reply_to=question.id)
    assert waiting(request_) == 1
    with pytest.raises(NotAllowed):
        say(request_, other_reviewer, said=Said.ANSWER, reply_to=question.id)
    answer = say(request_, baker, "Forty minutes.", said=Said.ANSWER, reply_to=question.id)
    assert waiting(request_) == 0
    assert told()[-1]["reply_to"] == str(question.id)
    assert answer.reply_to_id == question.id


def test_who_asked_may_find_out_and_the_owner_may_answer(request_, owner, reviewer):
    for author in (reviewer, owner):
        question = ask_about(request_, reviewer)
        say(request_, author, said=Said.ANSWER, reply_to=question.id)
    assert waiting(request_) == 0


def test_an_answer_names_a_question_of_the_same_request(request_, baker, reviewer):
    note = say(request_, reviewer)
    for reply_to in (None, note.id, request_.id):
        with pytest.raises(Invalid):
            say(request_, baker, said=Said.ANSWER, reply_to=reply_to)
    with pytest.raises(Invalid):
        ask_about(request_, baker)
    assert Comment.objects.count() == 1


def test_what_is_over_takes_notes_and_no_questions(request_, baker, reviewer):
    question = ask_about(request_, reviewer)
    vote(request_, reviewer, "reject")
    say(request_, baker, "A pity.")
    say(request_, baker, "Forty minutes.", said=Said.ANSWER, reply_to=question.id)
    with pytest.raises(NotOpen):
        ask_about(request_, reviewer)


# --- mentions


def test_members_are_called_by_name_by_address_and_by_id(request_, workspace, reviewer):
    ada, twin, bob = (member(workspace, Role.VIEWER) for _ in range(3))
    for person, name in ((ada, "Ada"), (twin, "Ada Lovelace"), (bob, "Bob")):
        person.name = name
        person.save(update_fields=["name"])
    text = f"@ada lovelace, see {bob.email} and @{bob.email.upper()}; not x@Ada or @Adam."
    comment = say(request_, reviewer, text, mentions=[ada.id])
    assert comment.mentions == [ada.id, twin.id, bob.id]
    assert told()[0]["mentions"] == [str(one) for one in comment.mentions]
    [read] = read_comments(comments_on(request_))
    assert [person.name for person in read.mentioned] == ["Ada", "Ada Lovelace", "Bob"]


def test_nobody_outside_is_called(request_, reviewer):
    stranger = member(WorkspaceFactory.create(), Role.OWNER)
    with pytest.raises(Invalid) as refusal:
        say(request_, reviewer, mentions=[stranger.id])
    assert refusal.value.details[0]["field"] == "mentions"
    assert say(request_, reviewer, f"@{stranger.email} @{stranger.name}").mentions == []


# --- attachments


def test_a_file_comes_back_as_it_was(request_, reviewer, baker):
    say(request_, reviewer, files=[PICTURE])
    [comment] = read_comments(comments_on(request_))
    [file] = comment.attachments
    read, content = the_attachment(attachment_id=file.row.id, request=request_, actor=baker)
    assert (read.name, read.row.media_type, content) == (
        PICTURE.name,
        PICTURE.media_type,
        PICTURE.content,
    )
    with pytest.raises(NotFound):
        the_attachment(
            attachment_id=file.row.id,
            request=request_,
            actor=member(WorkspaceFactory.create(), Role.OWNER),
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"media_type": "text/html"},
        {"media_type": "image/svg+xml"},
        {"name": "../../etc/passwd"},
        {"name": "a\nb.png"},
        {"name": "a\u202egnp.exe"},
        {"name": ".."},
        {"name": ""},
        {"content": b""},
    ],
)
def test_what_is_no_harmless_file_is_refused(request_, reviewer, wrong):
    kept = {"name": "a.png", "media_type": "image/png", "content": b"a"} | wrong
    with pytest.raises(AttachmentRefused):
        say(request_, reviewer, files=[File(**kept)])
    assert not Comment.objects.exists()


def test_files_are_few_and_small(request_, reviewer):
    with pytest.raises(AttachmentRefused):
        say(request_, reviewer, files=[PICTURE] * 4)
    large = File(name="a.txt", media_type="text/plain", content=b"a" * (LARGEST_FILE + 1))
    with pytest.raises(TooLarge):
        say(request_, reviewer, files=[large])
    with pytest.raises(AttachmentRefused):
        read_file(name="a.txt", media_type="text/plain", content="no base64!")
    assert not Attachment.objects.exists()


def exported(row):
    export = exporters[row._meta.label]
    assert export is not None
    return export(row)


def test_an_export_holds_what_was_said_and_no_ciphertext(request_, reviewer):
    say(request_, reviewer, "Rye, please!", files=[PICTURE])
    vote(request_, reviewer, comment="Crisp.")
    comment = exported(Comment.objects.get())
    file = exported(Attachment.objects.get())
    cast = exported(Vote.objects.get())
    assert (comment["text"], cast["comment"]) == ("Rye, please!", "Crisp.")
    assert (file["name"], base64.b64decode(file["content"])) == (PICTURE.name, PICTURE.content)
    assert not any("sealed" in name for row in (comment, file, cast) for name in row)
