# misconception: millions of past cases call for a model
# loses: triage_knows_what_is_written
TRIAGE = {card: ("model", "pattern") for card in "ABCFIJ"}
TRIAGE |= {card: ("heuristic", "cheap") for card in "DHL"}
TRIAGE |= {"E": ("person", "stakes"), "G": ("person", "rare"), "K": ("person", "unknown")}
