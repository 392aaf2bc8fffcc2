"""Templates and scripts of ours put nothing where it would be run or evaluated.

Alpine evaluates attributes of the console, after the browser has undone what the template escaped:
there, escaping helps nobody.
"""

import re

import pytest

from config.env import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))
NEVER = {
    "a script in the page": r"<script(?![^>]*(\bsrc=|application/json))[^>]*>",
    "an event as an attribute": r"<[^>]*\son\w+\s*=",
    "an address that is a script": r"javascript:",
    "text that is not escaped": r"\|\s*safe\b|autoescape\s+off|\|\s*safeseq\b",
    "a value within what Alpine evaluates": (
        r"\s(x-(?!ref\b)[\w.:-]+|@[\w.:-]+|:[\w.-]+)=(\"[^\"]*\{[{%]|'[^']*\{[{%])"
    ),
}
NEVER_IN_SCRIPTS = r"\beval\(|new Function|document\.write|insertAdjacentHTML|\.outerHTML\s*="


def broken_in(text: str) -> list[str]:
    return [what for what, form in NEVER.items() if re.search(form, text)]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_nothing_is_put_where_it_would_be_evaluated(template):
    assert broken_in(template.read_text()) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_make_no_code_of_texts(script):
    assert re.findall(NEVER_IN_SCRIPTS, script.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "<script>go()</script>",
        '<button type="button" onclick="go()">',
        '<a href="javascript:go()">',
        "{{ title|safe }}",
        "<div x-data=\"{name: '{{ name }}'}\">",
        "<a @click=\"go('{{ key }}')\">",
        "<a :class=\"{% if x %}'y'{% endif %}\">",
    ],
)
def test_each_of_them_is_found(text):
    assert len(broken_in(text)) == 1


def test_what_is_usual_passes():
    usual = '<script type="module" src="{{ url }}"></script><p class="{{ kind }}">{{ x }}</p>'
    assert broken_in(usual) == []
