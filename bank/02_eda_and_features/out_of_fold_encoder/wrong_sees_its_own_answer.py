# misconception: fit_transform is fit, then transform
# loses: encoder_keeps_answers_apart
class OutOfFoldEncoder(TransformerMixin, BaseEstimator):

    def __init__(self, smoothing: float = 10.0, n_folds: int = 5):
        self.smoothing = smoothing
        self.n_folds = n_folds

    def fit(self, X, y):
        self.learnt_ = self._learn(X, np.asarray(y, dtype=float))
        return self

    def transform(self, X):
        return self._encode(X, self.learnt_)

    def fit_transform(self, X, y):
        return self.fit(X, y).transform(X)

    def _learn(self, X, y):
        mean, smoothing, tables = y.mean(), self.smoothing, {}
        for column in X:
            grouped = pd.Series(y).groupby(self._keys(X[column])).agg(["sum", "count"])
            tables[column] = ((grouped["sum"] + smoothing * mean) / (grouped["count"] + smoothing)).to_dict()
        return mean, tables

    def _encode(self, X, learnt):
        mean, tables = learnt
        encoded = [[tables[column].get(key, mean) for key in self._keys(X[column])] for column in X]
        return np.array(encoded, dtype=float).T.reshape(X.shape)

    def _keys(self, column):
        return column.astype(object).where(column.notna(), "(missing)").to_numpy()
