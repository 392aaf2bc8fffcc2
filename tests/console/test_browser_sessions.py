"""People see where they are signed in, and end what they do not know."""

from allauth.usersessions.models import UserSession

from apps.ledger.models import Event
from tests.factories import PASSWORD

SESSIONS = "/accounts/sessions/"


def log_in(browser, user):
    return browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


def is_in(browser) -> bool:
    return browser.get("/admin/").status_code == 200


def test_one_session_is_ended_and_the_others_go_on(new_browser, reviewer):
    mine, lost, other = new_browser(), new_browser(), new_browser()
    for browser in (mine, lost, other):
        log_in(browser, reviewer)
    ended = UserSession.objects.get(session_key=lost.session.session_key)

    mine.post(SESSIONS, {"session": ended.pk})

    assert [is_in(mine), is_in(lost), is_in(other)] == [True, False, True]
    event = Event.objects.get(type="accounts.person.sessions_ended")
    assert event.payload == {"person": str(reviewer.id), "sessions": 1}


def test_all_others_are_ended_at_once(new_browser, reviewer):
    mine, lost, other = new_browser(), new_browser(), new_browser()
    for browser in (mine, lost, other):
        log_in(browser, reviewer)

    mine.post(SESSIONS)

    assert [is_in(mine), is_in(lost), is_in(other)] == [True, False, False]
    assert Event.objects.get(type="accounts.person.sessions_ended").payload["sessions"] == 2


def test_session_of_somebody_else_is_out_of_reach(new_browser, reviewer, operator):
    mine, theirs = new_browser(), new_browser()
    log_in(mine, reviewer)
    log_in(theirs, operator)
    target = UserSession.objects.get(session_key=theirs.session.session_key)

    for named in (target.pk, "nonsense", "-1", 10**30):
        assert mine.post(SESSIONS, {"session": named}).status_code == 404

    assert is_in(theirs)
    assert not Event.objects.filter(type="accounts.person.sessions_ended").exists()


def test_logged_out_session_leaves_the_list(new_browser, reviewer):
    mine, other = new_browser(), new_browser()
    log_in(mine, reviewer)
    log_in(other, reviewer)
    other.post("/accounts/logout/")
    assert len(mine.get(SESSIONS).context["sessions"]) == 1
