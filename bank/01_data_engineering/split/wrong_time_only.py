# misconception: the future is new, so a cut in time needs no groups
# loses: split_keeps_species_apart, split_survives_new_cards, split_looks_only_back
def split(cards, cutoff, test_share=0.2):
    is_past = cards["release_date"] < pd.Timestamp(cutoff)
    return pd.Series(np.where(is_past, "train", "test"), index=cards.index)
