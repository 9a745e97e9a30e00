# misconception: a share of nothing is nothing, so it's 0
# loses: summarise_undefined_is_nan
def summarise(matrix):
    right, are_so, called_so = np.diag(matrix).astype(float), matrix.sum(axis=1), matrix.sum(axis=0)
    with np.errstate(all="ignore"):
        precision, recall, f1 = right / called_so, right / are_so, 2 * right / (are_so + called_so)
    return {
        "accuracy": right.sum() / matrix.sum(),
        "precision": np.nan_to_num(precision).tolist(),
        "recall": np.nan_to_num(recall).tolist(),
        "f1": f1.tolist(),
        "macro_f1": np.nan_to_num(f1).mean(),
        "weighted_f1": (np.nan_to_num(f1) * are_so).sum() / matrix.sum(),
    }
