# misconception: keeping species whole is enough; so train holds cards of the future
# loses: split_looks_only_back
def split(cards, cutoff, test_share=0.2):
    def fraction(text):
        return int(hashlib.sha256(text.encode("utf-8")).hexdigest()[:8], 16) / 16**8

    in_test = cards["species_id"].map(fraction) < test_share
    return pd.Series(np.where(in_test, "test", "train"), index=cards.index)
