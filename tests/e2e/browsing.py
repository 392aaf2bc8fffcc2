"""What tests at a browser do again and again."""

from dataclasses import dataclass
from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Page

from apps.accounts.models import User
from apps.approvals.models.people import Attention
from tests.factories import PASSWORD
from tests.waiting import eventually

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}


@dataclass(frozen=True)
class Site:
    url: str
    mail: Path

    def mailed_link(self, part: str) -> str:
        """The newest link of this kind; mails leave after the commit, so it may take a moment."""
        return eventually(lambda: self._link(part), what=f"a mail with a link to {part}")

    def _link(self, part: str) -> str:
        mails = self.mail.iterdir() if self.mail.exists() else ()
        newest_first = sorted(mails, key=lambda path: path.stat().st_mtime_ns, reverse=True)
        words = (word for path in newest_first for word in path.read_text().split())
        return next((word for word in words if part in word), "")


def log_in(page: Page, user: User, password: str = PASSWORD, *, toured: bool = True) -> None:
    """Who was shown around the console already is not offered it."""
    if toured:
        Attention.objects.update_or_create(person=user, defaults={"toured_at": timezone.now()})
    page.goto("/admin/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
