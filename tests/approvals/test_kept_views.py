"""Views of the queue that somebody keeps under a name."""

import pytest
from django.urls import reverse

from apps.approvals.models.people import KeptView
from apps.approvals.services.views import MOST, keep_view
from tests.approvals.test_admin import at

QUEUE, KEEP = reverse("admin:review_queue"), reverse("admin:review_keep")


def keep(person, name, **query):
    return at(person).post(KEEP, {"name": name, **query}, follow=True)


def test_a_kept_view_is_a_link_to_what_was_shown(workspace, reviewer, other_reviewer):
    read = keep(reviewer, " Risky  plans ", view="open", risk="high", after="x").content.decode()
    assert "You keep it as “Risky plans”." in read
    assert f'href="{QUEUE}?view=open&amp;risk=high" aria-current="true"' in read
    assert "Risky plans" not in at(other_reviewer).get(QUEUE).content.decode()


def test_the_same_name_takes_its_place(workspace, reviewer):
    keep(reviewer, "Mine", view="open")
    keep(reviewer, "Mine", view="soon")
    assert [view.query for view in KeptView.objects.all()] == ["view=soon"]


def test_what_nobody_would_see_in_a_name_is_spelled_out(workspace, reviewer):
    keep(reviewer, "Ri\u202esky", view="open")
    assert "Ri⟨U+202E" in at(reviewer).get(QUEUE).content.decode()


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_without_a_name_nothing_is_kept(workspace, reviewer, name):
    assert "Give it a name" in keep(reviewer, name, view="open").content.decode()
    assert not KeptView.objects.exists()


def test_they_are_not_kept_without_end(workspace, reviewer):
    for number in range(MOST):
        keep_view(name=str(number), query="view=open", actor=reviewer)
    assert "forget one first" in keep(reviewer, "One more", view="open").content.decode()
    assert KeptView.objects.count() == MOST


def test_only_whose_it_is_forgets_it(workspace, reviewer, other_reviewer):
    view = keep_view(name="Open", query="view=open", actor=reviewer)
    forget = reverse("admin:review_forget", args=[view.id])
    assert at(other_reviewer).post(forget).status_code == 302
    assert KeptView.objects.exists()
    assert at(reviewer).get(forget).status_code == 405
    at(reviewer).post(forget)
    assert not KeptView.objects.exists()
