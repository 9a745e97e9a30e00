# misconception: what is neither there nor called has an F1 of 0
# loses: summarise_undefined_is_nan
def summarise(matrix: np.ndarray) -> dict:
    right, are_so, called_so = np.diag(matrix).astype(float), matrix.sum(axis=1), matrix.sum(axis=0)

    def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)

    f1 = share(2 * right, are_so + called_so)
    return {
        "accuracy": float(right.sum() / matrix.sum()),
        "precision": share(right, called_so).tolist(),
        "recall": share(right, are_so).tolist(),
        "f1": np.nan_to_num(f1).tolist(),
        "macro_f1": float(np.nan_to_num(f1).mean()),
        "weighted_f1": float((np.nan_to_num(f1) * are_so).sum() / matrix.sum()),
    }
