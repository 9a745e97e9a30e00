# misconception: hash the key of the row; so printings of a species land on both sides
# loses: split_keeps_species_apart, split_survives_new_cards
# may lose: split_looks_only_back
def split(cards, cutoff, test_share=0.2):
    def fraction(text):
        return int(hashlib.sha256(text.encode("utf-8")).hexdigest()[:8], 16) / 16**8

    in_test = cards["card_code"].map(fraction) < test_share
    is_past = cards["release_date"] < pd.Timestamp(cutoff)
    sides = pd.Series("aside", index=cards.index)
    sides[is_past & ~in_test] = "train"
    sides[~is_past & in_test] = "test"
    return sides
