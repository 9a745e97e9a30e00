"""python -m tests.redteam [--engine kernel|stock|judge] [--only id,...] [--class a,b] [--json FILE]"""

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from tests.redteam.corpus import ATTACKS
from tests.redteam.harness import Outcome, open_harness
from tests.redteam.reference import POINTS


def main(words: list[str] | None = None) -> int:
    """Prints a line for each attack and the totals; 1 when an attack succeeded or a reference grade is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.redteam", description="Try the attacks on an engine.")
    parser.add_argument("--engine", default="judge", help="judge, split, kernel, stock, or judge-without-LAYER")
    parser.add_argument("--only", default="", help="ids of attacks, with commas")
    parser.add_argument("--class", dest="kinds", default="abcde", help="classes: a, b, c, d, e")
    parser.add_argument("--honest-after", choices=("all", "harm", "none"), default="", help="after which attacks")
    parser.add_argument("--json", type=Path, help="also write the outcomes here")
    arguments = parser.parse_args(words)
    only = {one for one in arguments.only.split(",") if one}
    chosen = [one for one in ATTACKS if one.kind in arguments.kinds and (not only or one.id in only)]
    after = arguments.honest_after or ("all" if arguments.engine.startswith("judge") else "harm")
    outcomes = []
    # Ended from outside, the lab is still taken down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
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
            print(line_of(outcome, time.monotonic() - begun), flush=True)
    print(totals(outcomes))
    if arguments.json:
        arguments.json.write_text(json.dumps([_as_json(outcome) for outcome in outcomes], indent=1))
    return 0 if is_sound and all(outcome.result == "stopped" for outcome in outcomes) else 1


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
