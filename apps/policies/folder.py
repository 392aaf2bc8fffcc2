"""The folder of files that policies are loaded from: LATTICE_POLICY_DIR/<workspace id>/.

Nothing outside it is opened: each step of a path is opened from the one before, and no step may be
a symbolic link, so that it does not matter what changes meanwhile.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID

from django.conf import settings

from apps.policies.errors import PolicyFileMissing, PolicyInvalid

USUAL = ("policy.yaml", "policy/policy.yaml", "policies/policy.yaml")
"""What is followed in a workspace's folder until a reload names something else."""
LARGEST = 256 * 1024
DEEPEST = 16
LONGEST = 500
_STEP = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def read_policy_file(workspace_id: UUID, path: str) -> str:
    """Whatever is wrong with a path is answered alike: it tells nobody what is there."""
    steps = path.split("/")
    if not 0 < len(path) <= LONGEST or len(steps) > DEEPEST:
        raise PolicyFileMissing
    if any(step in ("", ".", "..") or "\0" in step or "\\" in step for step in steps):
        raise PolicyFileMissing
    try:
        content = _read([str(workspace_id), *steps])
    except (OSError, UnicodeEncodeError) as error:
        raise PolicyFileMissing from error
    if len(content) > LARGEST:
        raise _fault(f"The file has more than {LARGEST // 1024} KiB.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise _fault("The file is not UTF-8.") from error


def workspaces_with_files() -> Iterator[UUID]:
    try:
        names = sorted(os.listdir(settings.POLICY_DIR))
    except OSError:
        return
    for name in names:
        try:
            found = UUID(name)
        except ValueError:
            continue
        if str(found) == name:
            yield found


def _read(steps: list[str]) -> bytes:
    with ExitStack() as opened:
        here = os.open(settings.POLICY_DIR, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        opened.callback(os.close, here)
        for step in steps[:-1]:
            here = os.open(step, _STEP | os.O_DIRECTORY, dir_fd=here)
            opened.callback(os.close, here)
        file = os.open(steps[-1], _STEP, dir_fd=here)
        opened.callback(os.close, file)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise PolicyFileMissing
        content = b""
        while len(content) <= LARGEST and (chunk := os.read(file, LARGEST + 1)):
            content += chunk
        return content


def _fault(message: str) -> PolicyInvalid:
    return PolicyInvalid(details=[{"field": "", "line": 1, "column": 1, "message": message}])
