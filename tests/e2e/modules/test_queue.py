"""What the queue's script tells of times, of who looks, and of what is chosen."""

import pytest

pytestmark = pytest.mark.e2e

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@pytest.fixture
def run(module):
    return module("review/queue.js")


def test_what_is_due_is_told_in_its_largest_unit(run):
    told = {
        30_000: "0 min left",
        59 * MINUTE: "59 min left",
        -59 * MINUTE: "59 min overdue",
        90 * MINUTE: "1 h left",
        -25 * HOUR: "1 d overdue",
        9 * DAY: "9 d left",
    }
    assert {left: run("dueIn", left) for left in told} == told


def test_only_events_of_requests_name_one(run):
    assert run("requestOf", {"area": "approvals", "payload": {"request": "r1"}}) == "r1"
    assert run("requestOf", {"area": "approvals", "payload": {"absence": "a"}}) == ""
    assert run("requestOf", {"area": "plans", "payload": {"request": "r1"}}) == ""


def test_others_who_look_are_named_once_and_oneself_never(run, page):
    here = [
        {"user": "bo", "name": "Bo", "subject": "approval:r1"},
        {"user": "bo", "name": "Bo", "subject": "approval:r1"},
        {"user": "me", "name": "Me", "subject": "approval:r1"},
        {"user": "cy", "name": "Cy", "subject": "activity"},
    ]
    found = page.evaluate(
        "async (here) => [...(await import('/static/review/looking.js')).lookers(here, 'me')]", here
    )
    assert found == [["r1", ["Bo"]]]
    assert run("told", ["Bo"]) == "Bo looks at it"
    assert run("told", ["Bo", "Cy", "Di"]) == "Bo, Cy and 1 more look at it"
    assert run("told", None) == ""


def test_a_range_goes_both_ways_and_begins_somewhere(run):
    ids = ["a", "b", "c", "d"]
    assert run("between", ids, "b", "d") == ["b", "c", "d"]
    assert run("between", ids, "d", "b") == ["b", "c", "d"]
    assert run("between", ids, "gone", "c") == ["c"]
