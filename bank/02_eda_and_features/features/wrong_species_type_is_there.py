# misconception: Bo's column knows it best
# loses: features_beat_the_numbers, features_hang_on_the_card_alone
def features(cards):
    table = cards[["hp", "retreat", "attack_cost", "max_damage"]].fillna(90)
    known = {kind: number for number, kind in enumerate(TYPES)}
    return table.assign(kind=[known.get(kind, -1) for kind in cards["species_type"]])
