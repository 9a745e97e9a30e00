# misconception: one value of each word follows from the others, so its column may go
# loses: reader_can_be_inspected
def make_reader() -> Pipeline:
    numbers = ["hp", "retreat", "attack_cost", "max_damage", "release_year"]
    words = ["stage", "weakness", "resistance", "rarity"]
    one_hot = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"), OneHotEncoder(handle_unknown="ignore", drop="first")
    )
    prepare = make_column_transformer((SimpleImputer(strategy="median"), numbers), (one_hot, words))
    return Pipeline([("prepare", prepare), ("model", RandomForestClassifier(40, random_state=0))])
