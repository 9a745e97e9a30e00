# misconception: what can be predicted should be predicted
# loses: triage_knows_what_is_cheap
TRIAGE = {card: ("rule", "written") for card in "ACJ"}
TRIAGE |= {card: ("model", "pattern") for card in "BFIDHL"}
TRIAGE |= {"E": ("person", "stakes"), "G": ("person", "stakes"), "K": ("person", "rare")}
