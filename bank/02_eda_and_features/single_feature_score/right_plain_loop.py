# style: counters and a loop over rows
# loses: nothing
def single_feature_score(values, target, fold):
    keys = [None if pd.isna(value) else value for value in values]
    kinds, folds = [str(kind) for kind in target], list(fold)

    def commonest(votes):
        return min(votes, key=lambda kind: (-votes[kind], kind))

    hits = 0
    for number in set(folds):
        by_value, overall = {}, {}
        for key, kind, one in zip(keys, kinds, folds, strict=True):
            if one != number:
                for votes in (overall, by_value.setdefault(key, {})):
                    votes[kind] = votes.get(kind, 0) + 1
        for key, kind, one in zip(keys, kinds, folds, strict=True):
            if one == number:
                hits += commonest(by_value.get(key) or overall) == kind
    return hits / len(keys)
