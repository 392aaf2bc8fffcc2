"""static/review/keys.js: which key is meant, and where none is."""

import pytest
from playwright.sync_api import expect

from tests.waiting import eventually

pytestmark = pytest.mark.e2e

BODY = """
<main id="root" tabindex="-1"></main>
<input aria-label="written"><button>pressed</button><div contenteditable="true">edited</div>
<dialog id="other"><button>in it</button></dialog>
<dialog data-keys><a data-key="g q" href="#queue">Queue</a></dialog>
"""
BIND = """async (names) => {
  const { bind } = await import("/static/review/keys.js");
  window.told = [];
  const map = Object.fromEntries(names.map((name) => [name, () => told.push(name)]));
  window.letGo = bind(map, { root: document.getElementById("root") });
}"""


@pytest.fixture
def run(module):
    return module("review/keys.js", body=BODY)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)
    return page.evaluate("told.splice(0)")


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"key": "j"}, "j"),
        ({"key": "J"}, "j"),
        ({"key": "X", "shiftKey": True}, "Shift+x"),
        ({"key": "?", "shiftKey": True}, "?"),
        ({"key": "Enter", "ctrlKey": True}, "Mod+Enter"),
        ({"key": "Enter", "metaKey": True}, "Mod+Enter"),
        ({"key": "Tab", "shiftKey": True}, "Shift+Tab"),
        ({"key": "a", "altKey": True}, "Alt+a"),
        ({"key": " "}, "Space"),
        ({"key": "Shift", "shiftKey": True}, ""),
        ({}, ""),
    ],
)
def test_a_key_has_one_name(run, event, name):
    assert run("nameOf", event) == name


def test_keys_may_come_one_after_the_other(run):
    names = ["j", "g q", "g h"]
    assert run("step", names, "", "j") == {"found": "j", "waits": ""}
    assert run("step", names, "", "g") == {"found": "", "waits": "g"}
    assert run("step", names, "g", "q") == {"found": "g q", "waits": ""}
    assert run("step", names, "g", "j") == {"found": "j", "waits": ""}
    assert run("step", names, "", "q") == {"found": "", "waits": ""}


def test_a_key_does_what_it_is_bound_to(run, page):
    page.evaluate(BIND, ["j", "Shift+x", "Mod+Enter", "g x"])
    assert press(page, "j", "Shift+X", "Control+Enter", "g", "x") == [
        *("j", "Shift+x", "Mod+Enter", "g x")
    ]
    assert press(page, "Control+j", "x") == []


def test_nothing_is_meant_by_what_somebody_writes(run, page):
    page.evaluate(BIND, ["j", "Mod+Enter"])
    for place in (page.get_by_label("written"), page.get_by_text("edited")):
        place.focus()
        assert press(page, "j", "Control+Enter") == []
    page.evaluate("document.getElementById('other').showModal()")
    assert press(page, "j") == []
    page.evaluate("document.getElementById('other').close(); document.activeElement.blur()")
    assert press(page, "j") == ["j"]


def test_enter_is_left_to_a_focused_button_and_letters_are_not(run, page):
    page.evaluate(BIND, ["j", "Enter", "Space", "Mod+Enter"])
    page.get_by_role("button", name="pressed").focus()
    assert press(page, "Enter", "Space") == []
    assert press(page, "j", "Control+Enter") == ["j", "Mod+Enter"]


def test_what_is_gone_from_the_page_or_let_go_of_holds_no_more(run, page):
    page.evaluate(BIND, ["j"])
    page.evaluate("letGo()")
    assert press(page, "j") == []
    page.evaluate(BIND, ["j"])
    page.evaluate("document.getElementById('root').remove()")
    assert press(page, "j") == []


def test_another_listener_never_hears_of_a_key_that_was_meant(run, page):
    page.evaluate("window.heard = []; addEventListener('keydown', ({ key }) => heard.push(key))")
    page.evaluate(BIND, ["j"])
    press(page, "j", "[", "/")
    assert page.evaluate("heard") == ["[", "/"]


def test_the_list_opens_and_its_places_have_keys(run, page):
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()

    def goes_there():
        for key in "gq":  # within a second and a half, which a busy machine may take for them
            page.keyboard.press(key)
        return page.url.endswith("/#queue")

    eventually(goes_there)
