"""The look for secrets finds what was committed, also what was taken out again."""

import subprocess

import pytest

from apps.accounts.credentials import new_api_key
from apps.activity.webhooks.signing import new_secret
from tests.security import history


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    return tmp_path


def git(*arguments):
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *who, *arguments], check=True)


def commit(repository, **files):
    for name, text in files.items():
        (repository / name).write_text(text)
    git("add", ".")
    git("commit", "-q", "-m", "Change it")


def test_what_was_taken_out_again_is_still_there(repository, capsys):
    key, webhook = str(new_api_key()), new_secret()
    github = "ghp_" + "aB3" * 12
    commit(repository, settings=f"KEY = '{key}'\nHOOK={webhook}\n", notes=f"a\n{github}\n")
    commit(repository, settings="KEY = ''\n", notes="a\n")
    assert history.main() == 1
    told = capsys.readouterr().out
    assert "settings: Secret of Lattice, lat_" in told
    assert "settings: Secret of Lattice, whsec_" in told
    assert "notes: GitHub Token" in told
    assert not any(secret in told for secret in (key, webhook, github))


def test_examples_and_digests_are_none(repository, capsys):
    commit(repository, page=f"AKIAIOSFODNN7EXAMPLE\nsha256:{'0a1b' * 16}\nlat_short\n")
    assert history.main() == 0
    assert capsys.readouterr().out == ""
