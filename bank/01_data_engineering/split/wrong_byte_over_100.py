# misconception: a byte is a percentage; in truth it goes to 255, so a fifth becomes a twelfth
# loses: split_survives_new_cards, split_looks_only_back
def split(cards, cutoff, test_share=0.2):
    def fraction(text):
        return int(hashlib.sha256(text.encode("utf-8")).hexdigest()[:2], 16) / 100

    in_test = cards["species_id"].map(fraction) < test_share
    is_past = cards["release_date"] < pd.Timestamp(cutoff)
    sides = pd.Series("aside", index=cards.index)
    sides[is_past & ~in_test] = "train"
    sides[~is_past & in_test] = "test"
    return sides
