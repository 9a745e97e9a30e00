# style: dicts and loops, no pandas inside
# loses: nothing
class OutOfFoldEncoder(TransformerMixin, BaseEstimator):
    def __init__(self, smoothing: float = 10.0, n_folds: int = 5):
        self.smoothing = smoothing
        self.n_folds = n_folds

    def fit(self, X, y):
        rows = range(len(X))
        self.prior_ = self._prior(list(y), rows)
        self.tables_ = [self._table(self._column(X, k), list(y), rows) for k in range(X.shape[1])]
        return self

    def transform(self, X):
        columns = [self._column(X, k) for k in range(X.shape[1])]
        return np.array([
            [table.get(column[row], self.prior_) for column, table in zip(columns, self.tables_, strict=True)]
            for row in range(len(X))
        ]).reshape(X.shape)

    def fit_transform(self, X, y):
        answers, result = list(y), np.zeros(X.shape)
        for fold in range(self.n_folds):
            others = [row for row in range(len(X)) if row % self.n_folds != fold]
            for k in range(X.shape[1]):
                column = self._column(X, k)
                table = self._table(column, answers, others)
                for row in range(fold, len(X), self.n_folds):
                    result[row, k] = table.get(column[row], self._prior(answers, others))
        self.fit(X, y)
        return result

    def _column(self, X, k):
        return ["(gap)" if pd.isna(value) else value for value in X.iloc[:, k]]

    def _prior(self, answers, rows):
        return sum(answers[row] for row in rows) / len(rows)

    def _table(self, column, answers, rows):
        prior, groups = self._prior(answers, rows), {}
        for row in rows:
            groups.setdefault(column[row], []).append(answers[row])
        return {
            key: (sum(group) + self.smoothing * prior) / (len(group) + self.smoothing) for key, group in groups.items()
        }
