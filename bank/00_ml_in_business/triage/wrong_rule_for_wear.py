# misconception: what a person sees at once can be written down at once
# loses: triage_knows_patterns
TRIAGE = {card: ("rule", "written") for card in "ABCIJ"}
TRIAGE |= {card: ("heuristic", "cheap") for card in "DHLF"}
TRIAGE |= {"E": ("person", "stakes"), "G": ("person", "rare"), "K": ("person", "unknown")}
