"""Promise 10: history cannot be rewritten unseen."""

import pytest

from tests.ledger.rewriting import forge_and_look
from tests.seeds import chosen_seed
from tests.torture.rows import sized


@pytest.mark.torture
@pytest.mark.quick
@pytest.mark.row(10)
@pytest.mark.timeout(900)
def test_a_thousand_forgeries_at_or_before_the_last_checkpoint_are_all_found(
    committed_database, settings, tmp_path, figures
):
    settings.CHECKPOINT_DIR = tmp_path
    times = sized(1000, 100)
    found = forge_and_look(times=times, seed=chosen_seed())
    for kind, tried in sorted(found.items()):
        print(f"{kind:>40} {tried:4} tried, all found")
    figures(f"{found.total():,} of {times:,} edits, deletions, truncations and re-hashings found")
    assert found.total() == times
