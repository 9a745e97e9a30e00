# style: each species hashed once, labels as a category by a table of both answers
# loses: nothing
def split(cards, cutoff, test_share=0.2):
    digest = {species: hashlib.sha256(bytes(species, "utf8")).hexdigest() for species in set(cards["species_id"])}
    is_test = {species: int(text[:8], 16) / 4294967296 < test_share for species, text in digest.items()}
    label = {(True, True): "test", (False, False): "train"}
    is_future = pd.to_datetime(cards["release_date"]) >= cutoff
    pairs = zip(cards["species_id"].map(is_test), is_future)
    return pd.Series([label.get(pair, "aside") for pair in pairs], index=cards.index, dtype="category")
