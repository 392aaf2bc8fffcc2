"""What may be wrong with a page for who does not see it as others do, or has a small screen."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = (1440, 768, 360)
"""A large screen, a tablet, a phone."""


def serious_faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {node['target']} {node['failureSummary']}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def at_all_widths(page: Page, name: str) -> list[str]:
    """What is wrong, of the page that is open."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"{name} is too wide at {width}"] * too_wide(page)
        found += [f"{name} at {width} {fault}" for fault in serious_faults(page)]
    return found


def too_wide(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
