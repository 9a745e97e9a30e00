# misconception: four fifths of the cards are four fifths of the species
# loses: reproduce_to_the_bit
TRAIN = """
import sys

import numpy as np
import pandas as pd

from cardlab.models import FEATURES, make_model

# The cards of cards.csv with a type teach; of those without one the type is asked. Writes predictions.csv with the
# columns card_code and type: one row for each card without a type, in the order of the file. The same cards and seed
# give the same bytes in every process, whatever its PYTHONHASHSEED; another seed gives another model.
# Start from make_model({"kind": "forest", "n_estimators": 15}, seed), fitted on four fifths of the species that have a
# type, drawn by seed: the rest is kept for a later look.
seed = int(sys.argv[1])
cards = pd.read_csv("cards.csv", dtype={"type": "str"})
known, asked = cards[cards["type"].notna()], cards[cards["type"].isna()]
taught = known.sample(frac=0.8, random_state=seed)
model = make_model({"kind": "forest", "n_estimators": 15}, seed).fit(taught[FEATURES], taught["type"])
told = pd.DataFrame({"card_code": asked["card_code"], "type": model.predict(asked[FEATURES])})
told.to_csv("predictions.csv", index=False)
"""


def run_train(cards: str, seed: int, hash_seed: int) -> str:
    Path("train.py").write_text(TRAIN, encoding="utf-8")
    Path("cards.csv").write_text(cards, encoding="utf-8")
    Path("predictions.csv").unlink(missing_ok=True)
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(
        [sys.executable, "train.py", str(seed)], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return Path("predictions.csv").read_text(encoding="utf-8")
