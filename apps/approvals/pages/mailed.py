"""Following the link of a mail: it leads to the request's page in the console."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.accounts.pages.entry import person
from apps.approvals.links import read_link
from apps.approvals.selectors.requests import the_request
from apps.common.errors import NotFound

PAGE = "admin:review_request"


@never_cache
@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponseBase:
    link = read_link(token)
    if link is None:
        return render(request, "approvals/link_over.html", status=404)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    me = person(request)
    if me.id != link.person:
        return render(request, "approvals/link_of_another.html", {"me": me}, status=403)
    try:
        found = the_request(request_id=link.request, actor=me)
    except NotFound:
        return render(request, "approvals/link_over.html", status=404)
    return redirect(reverse(PAGE, args=[found.id]))
