"""Looks for keys, tokens and passwords in every line that was ever committed.

`python -m tests.security.history` tells each with its file, and ends with 1 if there is one. What
only looks like a secret, because a test or a page needs one, stands in EXAMPLES.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from detect_secrets.core.scan import scan_diff
from detect_secrets.settings import transient_settings

KINDS = [
    *("Artifactory", "AWSKey", "AzureStorageKey", "BasicAuth", "Cloudant", "DiscordBotToken"),
    *("GitHubToken", "GitLabToken", "IbmCloudIam", "IbmCosHmac", "JwtToken", "Mailchimp", "Npm"),
    *("OpenAI", "PrivateKey", "PypiToken", "SendGrid", "Slack", "Softlayer", "SquareOAuth"),
    *("Stripe", "TelegramBotToken", "TwilioKey"),
]
"""Those of detect-secrets that know a secret by its form. What only looks random is left out: ids,
hashes and digests are random, too, and there are thousands of them here."""
OUR_OWN = Path(__file__).with_name("our_own_secrets.py")
EXAMPLES = {
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.",
    "hunter2",
    "password",
    "secret",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",  # of the specification of Standard Webhooks
    "xoxb-1234567890-abc",
}
EXAMPLES_OF = {
    "tests/common/test_logs.py": {"ghp"},
    "tests/policies/test_gate.py": {"BEGIN PRIVATE KEY"},
    "tests/policies/test_tricks.py": {"BEGIN RSA PRIVATE KEY"},
    "tests/security/history.py": {"BEGIN PRIVATE KEY", "BEGIN RSA PRIVATE KEY"},
}
"""By their file: of some kinds only the beginning is known, which every other one shares."""


class Leak(NamedTuple):
    file: str
    kind: str
    text: str


def leaks(repository: Path) -> Iterator[Leak]:
    """All branches and tags, and each commit by itself: what was taken out again is still there."""
    log = ["git", "-C", str(repository), "log", "--all", "--patch", "--unified=0", "--no-color"]
    form = ["--format=", "--no-ext-diff", "--no-textconv", "--root", "--diff-merges=first-parent"]
    history = subprocess.run([*log, *form], capture_output=True, check=True).stdout
    kinds = [{"name": f"{kind}Detector"} for kind in KINDS]
    ours = {"name": "OurOwnDetector", "path": f"file://{OUR_OWN}"}
    with transient_settings({"plugins_used": [*kinds, ours]}):
        for found in scan_diff(history.decode(errors="replace")):
            text = found.secret_value or ""
            if text not in EXAMPLES | EXAMPLES_OF.get(found.filename, set()):
                yield Leak(found.filename, found.type, text)


def main() -> int:
    found = sorted(set(leaks(Path.cwd())))
    for leak in found:
        # Not the whole of it: what this prints stands in the log of a build.
        print(f"{leak.file}: {leak.kind}, {leak.text[:8]}…")
    if found:
        print("Revoke each at its issuer first: it is known to whoever has a copy of this history.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
