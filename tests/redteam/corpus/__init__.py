"""The attacks, by class. Numbers below 40 are the threat model's, the others are ours."""

from tests.redteam.corpus import (
    boundary,
    engine,
    exhaustion,
    files,
    leaking,
    persistence,
    protocol,
    tampering,
    tampering_more,
)
from tests.redteam.corpus.base import Attack

ATTACKS: tuple[Attack, ...] = (
    *tampering.ATTACKS,
    *tampering_more.ATTACKS,
    *leaking.ATTACKS,
    *files.ATTACKS,
    *exhaustion.ATTACKS,
    *persistence.ATTACKS,
    *engine.ATTACKS,
    *boundary.ATTACKS,
    *protocol.ATTACKS,
)
