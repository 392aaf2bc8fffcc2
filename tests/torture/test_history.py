"""Promise 10: history cannot be rewritten unseen."""

import pytest

from tests.ledger.rewriting import forge_and_look, seed


@pytest.mark.torture
@pytest.mark.timeout(900)
def test_a_thousand_forgeries_at_or_before_the_last_checkpoint_are_all_found(
    committed_database, settings, tmp_path, capsys
):
    settings.CHECKPOINT_DIR = tmp_path
    chosen = seed()
    with capsys.disabled():
        print(f"\nLATTICE_TORTURE_SEED={chosen}")
        found = forge_and_look(times=1000, seed=chosen)
        for kind, times in sorted(found.items()):
            print(f"{kind:>40} {times:4} tried, all found")
    assert found.total() == 1000
