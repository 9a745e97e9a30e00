# style: plain Python, whole numbers instead of fractions, a dict of labels
# loses: nothing
def split(cards, cutoff, test_share=0.2):
    labels = {}
    for row in cards[["species_id", "release_date"]].itertuples():
        number = int.from_bytes(hashlib.sha256(row.species_id.encode()).digest()[:4], "big")
        is_test_species = number < test_share * 2**32
        is_future = str(row.release_date)[:10] >= cutoff
        if is_test_species and is_future:
            labels[row.Index] = "test"
        elif is_test_species or is_future:
            labels[row.Index] = "aside"
        else:
            labels[row.Index] = "train"
    return pd.Series(labels)
