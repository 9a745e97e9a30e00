# misconception: each table is scaled by its own mean
# loses: reader_learns_from_training_rows_only
# may lose: reader_can_be_inspected, reader_survives_tomorrow, reader_reads
class ByTable(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        filled = X.fillna(X.median()).fillna(0)
        return ((filled - filled.mean()) / (filled.std().fillna(0) + 1e-9)).to_numpy()

    def get_feature_names_out(self, names=None):
        return np.asarray(names, dtype=object)


def make_reader():
    numbers = ["hp", "retreat", "attack_cost", "max_damage", "release_year"]
    words = ["stage", "weakness", "resistance", "rarity"]
    one_hot = make_pipeline(SimpleImputer(strategy="constant", fill_value="none"), OneHotEncoder(handle_unknown="ignore"))
    prepare = make_column_transformer((ByTable(), numbers), (one_hot, words))
    return Pipeline([("prepare", prepare), ("model", LogisticRegression(max_iter=200, C=10))])
