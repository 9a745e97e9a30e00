# misconception: a shuffle is fair, so it is honest
# loses: split_keeps_species_apart, split_survives_new_cards, split_looks_only_back
def split(cards, cutoff, test_share=0.2):
    in_test = np.random.default_rng(0).random(len(cards)) < test_share
    return pd.Series(np.where(in_test, "test", "train"), index=cards.index)
