# misconception: pandas numbers categories the same way every time
# loses: features_hang_on_the_card_alone
# may lose: features_beat_the_numbers
def features(cards):
    table = cards[["hp", "retreat", "attack_cost", "max_damage"]].fillna(90)
    return table.assign(weak=cards["weakness"].astype("category").cat.codes, resists=cards["resistance"].astype("category").cat.codes)
