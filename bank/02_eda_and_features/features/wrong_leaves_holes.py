# misconception: forests can do with holes, so they may stay
# loses: features_hang_on_the_card_alone
def features(cards: pd.DataFrame) -> pd.DataFrame:
    options = [*TYPES, "-"]
    stages = {"Basic": 0, "Stage 1": 1, "Stage 2": 2}
    return pd.DataFrame(
        {
            "hp": cards["hp"],
            "retreat": cards["retreat"],
            "attack_cost": cards["attack_cost"],
            "max_damage": cards["max_damage"],
            "weakness": cards["weakness"].map(options.index),
            "resistance": cards["resistance"].map(options.index),
            "release_year": cards["release_year"],
            "stage": cards["stage"].map(stages),
            "damage_per_cost": cards["max_damage"] / cards["attack_cost"],
            "damage_per_hp": cards["max_damage"] / cards["hp"],
        }
    )
