"""How a page says what was refused."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from apps.common.errors import DomainError, Invalid


def put_on(form: forms.Form, refusal: DomainError) -> None:
    """What is about a field stands at it; of one that the form does not show, the name is told."""
    shown = [field.name for field in form.visible_fields()]
    if text := _beside_details(refusal):
        form.add_error(None, text)
    for detail in refusal.details:
        field, message = detail.get("field"), detail.get("message")
        if not message:
            continue
        if field in shown:
            form.add_error(field, message)
        else:
            form.add_error(None, f"{field}: {message}" if field else message)


def say(request: HttpRequest, refusal: DomainError) -> None:
    """On the page that is shown next."""
    told = (detail.get("message") for detail in refusal.details)
    for sentence in dict.fromkeys((_beside_details(refusal), *told)):
        if sentence:
            messages.error(request, sentence)


def _beside_details(refusal: DomainError) -> str:
    """That it is not valid says nothing which they do not."""
    return "" if refusal.details and refusal.text == Invalid.message else refusal.text
