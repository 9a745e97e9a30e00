"""Confinement of one process and all it forks: no files but its own, no network, bounded memory, time and processes.

`confine` is called in a freshly forked child and can't be undone. `probe` attacks a confined child to learn what really
holds on this machine.
"""

from judge.sandbox.confine import Boundary, ConfinementError, confine
from judge.sandbox.probe import Rung, probe

__all__ = ["Boundary", "ConfinementError", "Rung", "confine", "probe"]
