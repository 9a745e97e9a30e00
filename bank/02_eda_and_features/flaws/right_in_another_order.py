# style: built from two lists
# loses: nothing
WORDS = ["panels differ", "cumulative", "hidden n", "two axes", "wrong scale", "cut axis"]
FLAWS = dict(zip("FEDCBA", WORDS, strict=True))
