# misconception: the answer is what counts, any reason will do
# loses: triage_knows_what_is_written, triage_knows_patterns, triage_knows_what_is_cheap, triage_leaves_to_people
TRIAGE = {card: ("rule", "cheap") for card in "ACJ"}
TRIAGE |= {card: ("model", "unknown") for card in "BFI"}
TRIAGE |= {card: ("heuristic", "rare") for card in "DHL"}
TRIAGE |= {card: ("person", "pattern") for card in "EGK"}
