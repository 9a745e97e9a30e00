# misconception: the columns stand where they stood
# loses: reader_survives_tomorrow
# may lose: reader_can_be_inspected
class ByPlace(TransformerMixin, BaseEstimator):
    def __init__(self, names=None):
        self.names = names

    def fit(self, X, y=None):
        self.places_ = [list(X.columns).index(name) for name in self.names]
        return self

    def transform(self, X):
        return X.iloc[:, self.places_].set_axis(self.names, axis="columns")

    def get_feature_names_out(self, names=None):
        return np.asarray(self.names, dtype=object)


def make_reader():
    numbers, words = "hp retreat attack_cost max_damage release_year".split(), "stage weakness resistance rarity".split()
    one_hot = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer((SimpleImputer(strategy="median"), numbers), (one_hot, words))
    prepare = make_pipeline(ByPlace(numbers + words), columns)
    return Pipeline([("prepare", prepare), ("model", RandomForestClassifier(40, random_state=0))])
