"""History cannot be rewritten unseen: a short run here, the long one in tests/torture."""

from collections import Counter
from random import Random

from django.db import transaction

from apps.ledger.verification import verify
from tests.ledger.forgery import FORGERIES, lift_the_guards, write_history


def forge_and_look(*, times: int, seed: int) -> Counter[str]:
    """Each forgery is undone after it was looked for. Returns how often each was found."""
    random = Random(seed)
    workspaces = write_history(random, workspaces=4, events=12)
    assert verify().is_sound
    assert verify().uncovered == 0
    lift_the_guards()
    found: Counter[str] = Counter()
    for number in range(times):
        forge = FORGERIES[number % len(FORGERIES)] if number < 20 else random.choice(FORGERIES)
        with transaction.atomic():
            forge(random, random.choice(workspaces))
            verdict = verify()
            assert not verdict.is_sound, f"{forge.__name__} was not seen: seed {seed}, {number}"
            found[forge.__name__] += 1
            transaction.set_rollback(True)
    assert verify().is_sound, "undone, it is whole again: nothing was found that was not there"
    return found
