"""One URL says how e-mails leave."""

from pathlib import Path

import pytest

from apps.common.mail import mail_settings

FOLDER = Path("/somewhere/mail")


def test_unset_means_files():
    found = mail_settings("", FOLDER)
    assert found["EMAIL_BACKEND"].endswith("filebased.EmailBackend")
    assert found["EMAIL_FILE_PATH"] == FOLDER


def test_starttls_with_escaped_password():
    found = mail_settings("smtp://me%40here:p%2Fw@mail.example:587?tls=1", FOLDER)
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example", 587)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("me@here", "p/w")
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (True, False)


def test_smtps_is_encrypted_from_the_first_byte():
    found = mail_settings("smtps://mail.example", FOLDER)
    assert (found["EMAIL_PORT"], found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (
        465,
        True,
        False,
    )


def test_anything_else_is_refused():
    with pytest.raises(ValueError, match="smtp://"):
        mail_settings("https://mail.example", FOLDER)
