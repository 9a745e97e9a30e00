# misconception: no number is a number, too: 0
# loses: reader_survives_tomorrow
def make_reader() -> Pipeline:
    numbers = ["hp", "retreat", "attack_cost", "max_damage", "release_year"]
    words = ["stage", "weakness", "resistance", "rarity"]
    one_hot = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"), OneHotEncoder(handle_unknown="ignore")
    )
    prepare = make_column_transformer((SimpleImputer(strategy="constant", fill_value=0), numbers), (one_hot, words))
    return Pipeline([("prepare", prepare), ("model", RandomForestClassifier(40, random_state=0))])
