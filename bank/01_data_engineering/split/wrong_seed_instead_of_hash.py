# misconception: a fixed seed is stable; in truth the draw changes as soon as a species is added
# loses: split_survives_new_cards
# may lose: split_looks_only_back
def split(cards, cutoff, test_share=0.2):
    species = np.sort(cards["species_id"].unique())
    chosen = np.random.default_rng(42).permutation(species)[: int(len(species) * test_share)]
    in_test = cards["species_id"].isin(chosen)
    is_past = cards["release_date"] < pd.Timestamp(cutoff)
    sides = pd.Series("aside", index=cards.index)
    sides[is_past & ~in_test] = "train"
    sides[~is_past & in_test] = "test"
    return sides
