# misconception: the code's first letter is right there
# loses: features_beat_the_numbers, features_hang_on_the_card_alone
def features(cards):
    table = cards[["hp", "retreat", "attack_cost", "max_damage"]].fillna(90)
    return table.assign(letter=[ord(code[0]) if isinstance(code, str) else 0 for code in cards["card_code"]])
