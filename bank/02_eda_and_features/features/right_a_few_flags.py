# style: yes-and-no columns for weaknesses, everything else dropped
# loses: nothing
def features(cards):
    weak = cards["weakness"]
    table = pd.DataFrame({f"weak_to_{kind}": (weak == kind).astype(int) for kind in
                          ["Fire", "Water", "Lightning", "Psychic", "Fighting", "Metal", "Grass", "Darkness"]})
    table["nothing_hurts"] = (weak == "-").astype(int)
    table["resists"] = cards["resistance"].map({kind: number for number, kind in enumerate([*sorted(TYPES), "-"])})
    table["hp"] = cards["hp"].fillna(0)
    table["year"] = cards["release_year"]
    return table
