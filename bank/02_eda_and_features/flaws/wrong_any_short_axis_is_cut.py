# misconception: two lines that start above zero are cut
# loses: flaws_are_seen
# Like {"A": "no unit", ...}, one word for each chart from A to F.
FLAWS = {
    "A": "cut axis",
    "B": "wrong scale",
    "C": "two axes",
    "D": "hidden n",
    "E": "cumulative",
    "F": "panels differ",
}

FLAWS |= {"C": "cut axis", "A": "two axes"}
