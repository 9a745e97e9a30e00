# misconception: factorize gives each value its number
# loses: features_beat_the_numbers, features_hang_on_the_card_alone
def features(cards):
    table = cards[["hp", "retreat", "attack_cost", "max_damage"]].fillna(90)
    return table.assign(weak=pd.factorize(cards["weakness"])[0], resists=pd.factorize(cards["resistance"])[0])
