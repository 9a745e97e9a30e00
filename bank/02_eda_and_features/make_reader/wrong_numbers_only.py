# misconception: words are for people
# loses: reader_reads, reader_survives_tomorrow, reader_learns_from_training_rows_only, reader_can_be_inspected
def make_reader() -> Pipeline:
    numbers = ["hp", "retreat", "attack_cost", "max_damage", "release_year"]
    words = ["stage", "weakness", "resistance", "rarity"]
    one_hot = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"), OneHotEncoder(handle_unknown="ignore")
    )
    prepare = make_column_transformer((SimpleImputer(strategy="median"), numbers))
    return Pipeline([("prepare", prepare), ("model", RandomForestClassifier(40, random_state=0))])
