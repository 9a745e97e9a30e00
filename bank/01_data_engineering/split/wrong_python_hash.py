# misconception: hash() is a hash; Python salts it anew in every process
# loses: split_survives_new_cards
# may lose: split_looks_only_back
def split(cards, cutoff, test_share=0.2):
    in_test = cards["species_id"].map(lambda species: hash(species) % 1000 / 1000) < test_share
    is_past = cards["release_date"] < pd.Timestamp(cutoff)
    sides = pd.Series("aside", index=cards.index)
    sides[is_past & ~in_test] = "train"
    sides[~is_past & in_test] = "test"
    return sides
