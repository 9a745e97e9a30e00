# misconception: one column a value, however many there are
# loses: features_beat_the_numbers, features_hang_on_the_card_alone
def features(cards):
    table = cards[["hp", "retreat", "attack_cost", "max_damage"]].fillna(90)
    for kind in [*TYPES, "-"]:
        table[f"weak_{kind}"] = (cards["weakness"] == kind).astype(int)
    return table
