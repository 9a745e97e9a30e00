# misconception: species_id is as good as random; it runs by evolution line, and new species come last
# loses: split_survives_new_cards
def split(cards, cutoff, test_share=0.2):
    species = np.sort(cards["species_id"].unique())
    in_test = cards["species_id"].isin(species[int(len(species) * (1 - test_share)) :])
    is_past = cards["release_date"] < pd.Timestamp(cutoff)
    sides = pd.Series("aside", index=cards.index)
    sides[is_past & ~in_test] = "train"
    sides[~is_past & in_test] = "test"
    return sides
