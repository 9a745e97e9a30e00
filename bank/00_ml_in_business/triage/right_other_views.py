# style: the other answers and reasons that can be defended, as lists
# loses: nothing
TRIAGE = dict.fromkeys("ACJ", ["rule", "written"]) | dict.fromkeys("BFI", ["model", "pattern"])
TRIAGE |= {"D": ["heuristic", "cheap"], "H": ["rule", "cheap"], "L": ["rule", "cheap"]}
TRIAGE |= {"E": ["person", "stakes"], "G": ["person", "stakes"], "K": ["person", "rare"]}
