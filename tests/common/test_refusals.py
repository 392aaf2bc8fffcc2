"""What was refused, said in a form and on the next page."""

from django import forms
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory

from apps.common.errors import Conflict, DomainError, Invalid
from apps.common.refusals import put_on, say


class Table(forms.Form):
    seats = forms.IntegerField()
    seen = forms.IntegerField(widget=forms.HiddenInput)


def put(refusal: DomainError) -> dict[str, list[str]]:
    form = Table({"seats": 4, "seen": 1})
    put_on(form, refusal)
    return {name: [str(fault) for fault in faults] for name, faults in form.errors.items()}


def said(refusal: DomainError) -> list[str]:
    request = RequestFactory().post("/")
    vars(request)["_messages"] = CookieStorage(request)
    say(request, refusal)
    return [str(message) for message in get_messages(request)]


def detail(field: str, message: str) -> dict[str, str]:
    return {"field": field, "message": message}


def test_what_is_about_a_field_stands_at_it():
    taken = Conflict("The table is taken.", details=[detail("seats", "Two at most.")])
    assert put(taken) == {"__all__": ["The table is taken."], "seats": ["Two at most."]}


def test_of_a_field_that_is_not_shown_the_name_is_told():
    details = [detail("seen", "Look again."), detail("menu.3", "Sold out."), detail("", "Sorry.")]
    shown = ["seen: Look again.", "menu.3: Sold out.", "Sorry."]
    assert put(Invalid(details=details)) == {"__all__": shown}


def test_that_it_is_not_valid_is_said_where_nothing_says_more():
    assert put(Invalid()) == {"__all__": [Invalid.message]}
    assert said(Invalid()) == [Invalid.message]
    assert said(Invalid(details=[detail("seats", "Two at most.")])) == ["Two at most."]


def test_the_next_page_says_each_sentence_once():
    again = [detail("seats", "Two at most."), detail("menu", "Two at most."), {"view": "ab"}]
    assert said(Conflict("The table is taken.", details=again)) == [
        "The table is taken.",
        "Two at most.",
    ]
