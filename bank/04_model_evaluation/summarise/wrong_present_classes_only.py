# misconception: a class that doesn't occur has no place in an average
# loses: summarise_averages_all_classes
def summarise(matrix):
    right, are_so, called_so = np.diag(matrix).astype(float), matrix.sum(axis=1), matrix.sum(axis=0)
    with np.errstate(all="ignore"):
        precision, recall, f1 = right / called_so, right / are_so, 2 * right / (are_so + called_so)
    return {
        "accuracy": right.sum() / matrix.sum(),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "macro_f1": np.nan_to_num(f1)[are_so > 0].mean(),
        "weighted_f1": (np.nan_to_num(f1) * are_so).sum() / matrix.sum(),
    }
