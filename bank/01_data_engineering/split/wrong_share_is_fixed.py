# misconception: test_share is always .2, so it needs no looking at
# loses: split_survives_new_cards
def split(cards, cutoff, test_share=0.2):
    def fraction(text):
        return int(hashlib.sha256(text.encode("utf-8")).hexdigest()[:8], 16) / 16**8

    in_test = cards["species_id"].map(fraction) < 0.2
    is_past = cards["release_date"] < pd.Timestamp(cutoff)
    sides = pd.Series("aside", index=cards.index)
    sides[is_past & ~in_test] = "train"
    sides[~is_past & in_test] = "test"
    return sides
