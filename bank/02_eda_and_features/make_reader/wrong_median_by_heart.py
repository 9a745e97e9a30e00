# misconception: the median of hp was 90, so it's 90 (and 2, and 2019)
# loses: reader_survives_tomorrow
def make_reader() -> Pipeline:
    numbers = ["hp", "retreat", "attack_cost", "max_damage", "release_year"]
    words = ["stage", "weakness", "resistance", "rarity"]
    one_hot = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"), OneHotEncoder(handle_unknown="ignore")
    )
    prepare = make_column_transformer(*((SimpleImputer(strategy="constant", fill_value=typical), [name]) for name, typical in zip(numbers, [90, 2, 2, 60, 2019], strict=True)), (one_hot, words))
    return Pipeline([("prepare", prepare), ("model", RandomForestClassifier(40, random_state=0))])
