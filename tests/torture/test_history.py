"""Promise 10: history cannot be rewritten unseen."""

import pytest

from tests.ledger.rewriting import forge_and_look
from tests.seeds import chosen_seed


@pytest.mark.torture
@pytest.mark.row(10)
@pytest.mark.timeout(900)
def test_a_thousand_forgeries_at_or_before_the_last_checkpoint_are_all_found(
    committed_database, settings, tmp_path, capsys
):
    settings.CHECKPOINT_DIR = tmp_path
    with capsys.disabled():
        chosen = chosen_seed()
        found = forge_and_look(times=1000, seed=chosen)
        for kind, times in sorted(found.items()):
            print(f"{kind:>40} {times:4} tried, all found")
    assert found.total() == 1000
