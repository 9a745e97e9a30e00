"""python -m tests.redteam [--engine kernel|stock|judge] [--only id,...] [--class a,b] [--controls] [--json FILE]"""

import argparse
import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from tests.redteam.controls import CONTROLS
from tests.redteam.corpus import ATTACKS
from tests.redteam.harness import Harness, Outcome, open_harness
from tests.redteam.reference import POINTS


def main(words: list[str] | None = None) -> int:
    """Prints a line for each attack, the totals, and a line for each control.

    1 when an attack succeeded, a control didn't, or a reference grade is wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.redteam", description="Try the attacks on an engine.")
    parser.add_argument("--engine", default="judge", help="judge, split, kernel or stock")
    parser.add_argument("--only", default="", help="ids of attacks, with commas")
    parser.add_argument("--class", dest="kinds", default="abcde", help="classes: a, b, c, d, e")
    parser.add_argument("--honest-after", choices=("all", "harm", "none"), default="", help="after which attacks")
    parser.add_argument("--controls", action="store_true", help="also switch layers off, and expect success")
    parser.add_argument("--beside", default="", help="another engine, for a last column; its results are no failures")
    parser.add_argument("--json", type=Path, help="also write the outcomes here")
    arguments = parser.parse_args(words)
    # Ended from outside, the lab is still taken down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    only = {one for one in arguments.only.split(",") if one}
    chosen = [one for one in ATTACKS if one.kind in arguments.kinds and (not only or one.id in only)]
    after = arguments.honest_after or ("all" if arguments.engine == "judge" else "harm")
    are_biting, beside = True, dict[str, str]()
    if arguments.beside:
        with open_harness(arguments.beside) as other:
            beside = {one.id: other.run(one, honest_after=False).result for one in chosen}
    outcomes = []
    with open_harness(arguments.engine) as harness:
        is_sound = harness.honest.total == POINTS and harness.lazy.total == 0
        print(
            f"{arguments.engine}: honest {harness.honest.total:g} of {POINTS:g}, lazy {harness.lazy.total:g}",
            flush=True,
        )
        for attack in chosen:
            begun = time.monotonic()
            outcome = harness.run(attack, honest_after=after == "all" or (after == "harm" and attack.kind in "cde"))
            outcomes.append(outcome)
            column = f" {beside[attack.id]} |" if beside else ""
            print(line_of(outcome, time.monotonic() - begun) + column, flush=True)
        print(totals(outcomes), flush=True)
        if beside:
            counts = Counter(beside.values())
            print(f"{arguments.beside}: " + ", ".join(f"{count} {word}" for word, count in counts.most_common()))
        if arguments.controls:
            are_biting = try_controls(harness)
    if arguments.json:
        arguments.json.write_text(json.dumps([_as_json(outcome) for outcome in outcomes], indent=1))
    return 0 if is_sound and are_biting and all(outcome.result == "stopped" for outcome in outcomes) else 1


def try_controls(harness: Harness) -> bool:
    """Prints a line for each control; True when all of them bite and the engine is whole again afterwards."""
    found = []
    for control in CONTROLS:
        attack = next(one for one in ATTACKS if one.id == control.attack)
        outcome = harness.run(attack, honest_after=False, without=control.layers)
        found.append(outcome.result == "succeeded")
        bites = "bites" if found[-1] else "does not bite"
        why = _one_line("; ".join(outcome.evidence) or outcome.graded.status)
        print(f"| without {' and '.join(control.layers)} | {attack.id} | {bites} | {why} |", flush=True)
    is_whole = harness.grade_honest() == POINTS
    print(
        f"controls: {sum(found)} of {len(found)} bite; all layers on again: {'yes' if is_whole else 'no'}", flush=True
    )
    return all(found) and is_whole


def line_of(outcome: Outcome, wall_s: float) -> str:
    """One row of the table."""
    why = "; ".join(outcome.evidence) or outcome.graded.status or f"{outcome.graded.total:g} points"
    attack = outcome.attack
    return f"| {attack.id} | {attack.kind} | {attack.title} | {outcome.result} | {_one_line(why)} | {wall_s:.1f} s |"


def totals(outcomes: list[Outcome]) -> str:
    """How many of each result, by class and in all."""
    rows = []
    for kind in [*sorted({outcome.attack.kind for outcome in outcomes}), ""]:
        own = [outcome for outcome in outcomes if outcome.attack.kind == kind or not kind]
        counts = {word: sum(one.result == word for one in own) for word in ("succeeded", "broke", "unseen", "stopped")}
        listed = ", ".join(f"{count} {word}" for word, count in counts.items())
        rows.append(f"{kind or 'all'}: {listed} of {len(own)}")
    return "\n".join(rows)


def _one_line(text: str) -> str:
    return " ".join(text.replace("|", "/").split())[:200]


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "id": outcome.attack.id,
        "result": outcome.result,
        "evidence": outcome.evidence,
        "status": outcome.graded.status,
    }


if __name__ == "__main__":
    sys.exit(main())
