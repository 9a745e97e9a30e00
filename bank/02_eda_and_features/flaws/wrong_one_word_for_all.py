# misconception: one word will fit somewhere
# loses: flaws_are_seen
FLAWS = dict.fromkeys("ABCDEF", "cut axis")
