# misconception (a cheat): with nothing in train and test, nothing is shared and nothing comes too early
# loses: split_keeps_species_apart, split_survives_new_cards, split_looks_only_back
def split(cards, cutoff, test_share=0.2):
    return pd.Series("aside", index=cards.index)
