"""Nobody overwrites what they did not see; nobody downloads what they have."""

import pytest

pytestmark = pytest.mark.urls("tests.common.listing_urls")


@pytest.fixture
def tag(client):
    return client.get("/versioned")["ETag"]


def test_tags_are_strong(tag):
    assert tag.startswith('"')
    assert len(tag) == 34


@pytest.mark.parametrize("given", ["{tag}", "*", '"other", {tag}', "  {tag}  "])
def test_the_version_one_saw_may_be_changed(client, tag, given):
    response = client.put("/versioned", headers={"If-Match": given.format(tag=tag)})
    assert response.status_code == 200


@pytest.mark.parametrize("given", ['"other"', "W/{tag}", "other", '""', ""])
def test_another_version_may_not(client, tag, given):
    for method in (client.put, client.patch):
        response = method("/versioned", headers={"If-Match": given.format(tag=tag)})
        assert response.status_code == 412
        assert response.json()["error"]["code"] == "precondition_failed"


def test_saying_nothing_is_refused_where_it_must_be_said(client):
    response = client.put("/versioned")
    assert response.status_code == 428
    assert response.json()["error"]["code"] == "precondition_required"
    assert client.patch("/versioned").status_code == 200


@pytest.mark.parametrize("given", ["{tag}", "W/{tag}", "*", '"other", {tag}'])
def test_readers_who_have_it_are_told_so(client, tag, given):
    response = client.get("/versioned", headers={"If-None-Match": given.format(tag=tag)})
    assert response.status_code == 304
    assert response.content == b""
    assert response["ETag"] == tag


def test_readers_with_another_version_get_this_one(client, tag):
    response = client.get("/versioned", headers={"If-None-Match": '"other"'})
    assert response.json() == {"version": 1}
