"""Confinement of one process and all it forks: no files but its own, no network, bounded memory, time and processes.

`confine` is called in a freshly forked child and can't be undone. `probe` has confined children attack, to learn what
really holds on this machine.
"""

from judge.sandbox.confine import Boundary, ConfinementError, confine

__all__ = ["Boundary", "ConfinementError", "confine"]
