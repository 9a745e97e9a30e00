# misconception: more columns, more knowledge
# loses: reader_can_be_inspected
# may lose: reader_reads, reader_survives_tomorrow, reader_learns_from_training_rows_only
def make_reader():
    words = "stage weakness resistance rarity support_tag shelf species_type card_code".split()
    numbers = "hp retreat attack_cost max_damage release_year sold_price fee watchers".split()
    one_hot = make_pipeline(SimpleImputer(strategy="constant", fill_value="none"), OneHotEncoder(handle_unknown="ignore"))
    prepare = make_column_transformer((SimpleImputer(strategy="median"), numbers), (one_hot, words))
    return Pipeline([("prepare", prepare), ("model", RandomForestClassifier(40, random_state=0))])
