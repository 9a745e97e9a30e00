"""The attacks, by class. Numbers below 40 are those of the threat model (docs/explanation/security.md), others ours."""

from tests.redteam.corpus import exhaustion, files, leaking, persistence, tampering, tampering_more
from tests.redteam.corpus.base import Attack

ATTACKS: tuple[Attack, ...] = (
    *tampering.ATTACKS,
    *tampering_more.ATTACKS,
    *leaking.ATTACKS,
    *files.ATTACKS,
    *exhaustion.ATTACKS,
    *persistence.ATTACKS,
)
