"""`python -m cardpress [--out data]`: write the data files, the quizzes and the manifest."""

import argparse
from pathlib import Path

from cardpress.files import write_all


def main() -> None:
    """Write everything into the folder given; a second run changes no byte."""
    parser = argparse.ArgumentParser(prog="python -m cardpress", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder to write to (default: data)")
    parser.add_argument("--quizzes", type=Path, default=Path("quizzes"), help="folder of the quiz banks (NN.yaml)")
    given = parser.parse_args()
    for line in write_all(given.out, quizzes=given.quizzes):
        print(line)


if __name__ == "__main__":
    main()
