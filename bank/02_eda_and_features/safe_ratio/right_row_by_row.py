# style: a loop with an if
# loses: nothing
def safe_ratio(above, below, name):
    rows = []
    for x, y in zip(above.astype(float), below.astype(float), strict=True):
        if y == 0 or not np.isfinite(x) or not np.isfinite(y):
            rows.append((0.0, True))
        else:
            rows.append((x / y, False))
    return pd.DataFrame(rows, columns=[name, f"{name}_undefined"], index=above.index)
