# misconception: a person is only a model that is too slow
# loses: triage_leaves_to_people
TRIAGE = {card: ("rule", "written") for card in "ACJ"}
TRIAGE |= {card: ("model", "pattern") for card in "BFIEK"}
TRIAGE |= {card: ("heuristic", "cheap") for card in "DHLG"}
