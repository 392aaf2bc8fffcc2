"""People come in by e-mail and password, and everything that matters about it is recorded."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import override_settings
from django.urls import reverse

from apps.accounts.choices import Role
from apps.accounts.credentials import address_digest
from apps.accounts.models import User
from apps.accounts.services.sessions import open_session
from apps.ledger.models import Event
from tests.factories import PASSWORD, AgentFactory, PersonFactory, member

LOGIN = "/accounts/login/"


def log_in(browser, user, password=PASSWORD, **query):
    return browser.post(LOGIN, {"login": user.email, "password": password}, query_params=query)


def recorded() -> list[str]:
    return list(Event.objects.order_by("at", "seq").values_list("type", flat=True))


def logged_in(browser) -> bool:
    return "_auth_user_id" in browser.session


def test_reviewer_logs_in_and_lands_in_the_console(browser, reviewer):
    answer = log_in(browser, reviewer)

    assert answer.url == "/admin/"
    assert browser.get("/admin/").status_code == 200
    event = Event.objects.get(type="accounts.person.logged_in")
    assert event.actor_id == reviewer.id
    assert event.payload == {"person": str(reviewer.id), "second_step": False}


def test_login_leads_where_one_was_going(browser, reviewer):
    wanted = browser.get("/admin/accounts/workspace/", follow=True)
    assert wanted.redirect_chain[-1][0].startswith(LOGIN)
    answer = log_in(browser, reviewer, next="/admin/accounts/workspace/")
    assert answer.url == "/admin/accounts/workspace/"


def test_login_leads_to_no_foreign_site(browser, reviewer):
    assert log_in(browser, reviewer, next="https://evil.example/").url == "/admin/"


def test_wrong_password_is_refused_without_saying_what_was_wrong(browser, reviewer):
    answer = log_in(browser, reviewer, password="not it at all")
    unknown = browser.post(LOGIN, {"login": "nobody@example.org", "password": "not it at all"})

    sentence = "are not correct"
    assert sentence in answer.content.decode()
    assert sentence in unknown.content.decode()
    assert not logged_in(browser)
    assert recorded() == []


def test_too_many_wrong_passwords_lead_to_a_kind_page(browser, reviewer, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = log_in(browser, reviewer, password="not it at all")

    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert "Try again in 15 minutes" in answer.content.decode()
    assert log_in(browser, reviewer).status_code == 429
    assert not logged_in(browser)


def test_disabled_person_stays_out(browser, reviewer):
    User.objects.filter(id=reviewer.id).update(is_active=False)
    log_in(browser, reviewer)
    assert not logged_in(browser)
    assert recorded() == []


def test_agent_with_a_password_stays_out(browser, reviewer):
    agent = AgentFactory.create(owner=reviewer)
    agent.set_password(PASSWORD)
    agent.save()

    answer = log_in(browser, agent)

    assert answer.url == reverse("account_inactive")
    assert not logged_in(browser)
    assert recorded() == []


def test_contributor_finds_an_account_but_no_console(browser, workspace):
    contributor = member(workspace, Role.CONTRIBUTOR)
    assert log_in(browser, contributor).url == "/accounts/"
    answer = browser.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/"
    assert "who review or manage" in answer.content.decode()
    assert browser.get("/admin/search/?s=Orchard").status_code == 302


def test_logout_ends_the_session_and_is_recorded(browser, reviewer):
    log_in(browser, reviewer)
    browser.post("/admin/logout/")
    assert not logged_in(browser)
    assert recorded() == ["accounts.person.logged_in", "accounts.person.logged_out"]


def test_logout_needs_a_post(browser, reviewer):
    log_in(browser, reviewer)
    browser.get("/admin/logout/")
    assert logged_in(browser)


def test_sign_up_is_by_invitation(browser, db):
    answer = browser.post(
        "/accounts/signup/", {"email": "new@example.org", "password1": "long enough a word"}
    )
    assert "By invitation" in answer.content.decode()
    assert not User.objects.get_queryset().exists()


def test_password_reset_by_mail_ends_every_other_login(
    browser, client, reviewer, django_capture_on_commit_callbacks
):
    log_in(client, reviewer)
    family = open_session(person=reviewer)
    assert family.refresh_token
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/accounts/password/reset/", {"email": reviewer.email})
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)

    page = browser.get(link, follow=True)
    target = page.redirect_chain[-1][0]
    wanted = "an entirely new password"
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(target, {"password1": wanted, "password2": wanted})

    reviewer.refresh_from_db()
    assert reviewer.check_password(wanted)
    assert client.get("/admin/").status_code == 302
    assert not reviewer.token_families.filter(ended_at__isnull=True).exists()
    changed = Event.objects.get(type="accounts.person.changed")
    assert changed.payload == {"person": str(reviewer.id), "fields": ["password"]}
    assert "was reset" in mail.outbox[1].body or "has been reset" in mail.outbox[1].body
    assert browser.get(link, follow=True).context["token_fail"]


def test_password_reset_for_a_stranger_looks_the_same_and_sends_nothing(browser, db):
    answer = browser.post("/accounts/password/reset/", {"email": "stranger@example.org"})
    assert answer.url == "/accounts/password/reset/done/"
    assert mail.outbox == []


def test_email_is_verified_by_the_mailed_link(
    browser, reviewer, django_capture_on_commit_callbacks
):
    log_in(browser, reviewer)
    assert "not verified" in browser.get("/accounts/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/accounts/email/", {"action_send": "", "email": reviewer.email})
    link = next(word for word in mail.outbox[0].body.split() if "/confirm-email/" in word)
    asked = browser.get(link).content.decode()
    assert reviewer.email in asked
    assert "Yes, it is mine" in asked

    browser.post(link)

    assert "not verified" not in browser.get("/accounts/").content.decode()
    assert recorded()[-1] == "accounts.person.email_verified"


def test_a_link_that_verifies_nothing_says_where_to_get_another(browser):
    read = browser.get("/accounts/confirm-email/nothing/").content.decode()
    assert "This link is over" in read
    assert reverse("account_email") in read


@pytest.fixture
def asked_for_another(browser, reviewer, django_capture_on_commit_callbacks):
    """Logs in, verified or not, asks for another address; hands back the link in the mail."""

    def ask(*, verified):
        log_in(browser, reviewer)
        EmailAddress.objects.filter(user=reviewer).update(verified=verified)
        with django_capture_on_commit_callbacks(execute=True):
            browser.post("/accounts/email/", {"action_add": "", "email": "New@Example.org"})
        return next(word for word in mail.outbox[-1].body.split() if "/confirm-email/" in word)

    return ask


def changes_of_address():
    return list(
        Event.objects.filter(type="accounts.person.email_changed").values_list("payload", flat=True)
    )


def test_another_address_counts_from_its_link_on_and_is_recorded_without_it(
    browser, reviewer, asked_for_another
):
    link, before = asked_for_another(verified=True), reviewer.email
    reviewer.refresh_from_db()
    assert (reviewer.email, changes_of_address()) == (before, [])

    browser.post(link)

    reviewer.refresh_from_db()
    assert reviewer.email == "new@example.org"
    assert recorded()[-2:] == ["accounts.person.email_verified", "accounts.person.email_changed"]
    assert changes_of_address() == [
        {
            "person": str(reviewer.id),
            "before": address_digest(before),
            "after": address_digest("new@example.org"),
        }
    ]
    assert "example" not in str(list(Event.objects.values()))
    browser.post(link)
    assert len(changes_of_address()) == 1


def test_address_that_was_never_verified_stays_until_another_is(
    browser, reviewer, asked_for_another
):
    old = reviewer.email
    for _ in range(2):
        link = asked_for_another(verified=False)
    for way, email in (("action_primary", "new@example.org"), ("action_remove", old)):
        browser.post("/accounts/email/", {way: "", "email": email})
    reviewer.refresh_from_db()
    assert (reviewer.email, changes_of_address()) == (old, [])

    browser.post(link)
    reviewer.refresh_from_db()
    assert reviewer.email == "new@example.org"
    assert len(changes_of_address()) == 1
    assert EmailAddress.objects.get(user=reviewer).verified


def test_wish_for_another_address_can_be_taken_back(browser, reviewer, asked_for_another):
    link, before = asked_for_another(verified=True), reviewer.email
    browser.post("/accounts/email/", {"action_remove": "", "email": "new@example.org"})
    browser.post(link)
    reviewer.refresh_from_db()
    assert (reviewer.email, changes_of_address()) == (before, [])


def test_address_that_somebody_took_meanwhile_is_not_taken_over(
    browser, reviewer, asked_for_another
):
    link, before = asked_for_another(verified=True), reviewer.email
    PersonFactory.create(email="new@example.org")
    earlier = recorded()

    page = browser.post(link, follow=True)

    assert "registered with this e-mail address" in page.content.decode()
    reviewer.refresh_from_db()
    assert reviewer.email == before
    assert recorded() == earlier


def test_mail_that_cannot_be_sent_breaks_no_page(
    browser, reviewer, django_capture_on_commit_callbacks
):
    broken = override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=9,
        EMAIL_HOST_USER="",
    )
    with broken, django_capture_on_commit_callbacks(execute=True):
        answer = browser.post("/accounts/password/reset/", {"email": reviewer.email})
    assert answer.status_code == 302


@pytest.mark.parametrize("page", ["", "email/", "password/change/", "2fa/", "sessions/", "logout/"])
def test_pages_of_ones_own_account_open(browser, reviewer, page):
    log_in(browser, reviewer)
    assert browser.get(f"/accounts/{page}").status_code == 200


def test_mailed_link_leads_home_whatever_host_was_named(
    browser, reviewer, mailoutbox, settings, django_capture_on_commit_callbacks
):
    settings.PUBLIC_URL = "https://lattice.example.org"
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(
            "/accounts/password/reset/",
            {"email": reviewer.email},
            headers={"host": "localhost:6666"},
        )
    body = mailoutbox[0].body
    assert "https://lattice.example.org/accounts/password/reset/key/" in body
    assert "6666" not in body
