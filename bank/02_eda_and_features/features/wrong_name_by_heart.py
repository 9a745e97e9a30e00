# misconception: a name is a feature
# loses: features_beat_the_numbers, features_hang_on_the_card_alone
def features(cards):
    table = cards[["hp", "retreat", "attack_cost", "max_damage"]].fillna(90)
    return table.assign(name=[sum(map(ord, name)) for name in cards["name"]])
