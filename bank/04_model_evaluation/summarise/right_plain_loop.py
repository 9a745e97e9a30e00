# style: plain loops over classes
# loses: nothing
def summarise(matrix):
    rows = [[int(count) for count in row] for row in matrix]
    size, total = len(rows), sum(map(sum, rows))
    told = {"precision": [], "recall": [], "f1": []}
    macro = weighted = 0.0
    for c in range(size):
        right, are_so, called_so = rows[c][c], sum(rows[c]), sum(row[c] for row in rows)
        told["precision"].append(right / called_so if called_so else math.nan)
        told["recall"].append(right / are_so if are_so else math.nan)
        f1 = 2 * right / (are_so + called_so) if are_so + called_so else math.nan
        told["f1"].append(f1)
        macro += (0 if math.isnan(f1) else f1) / size
        weighted += (0 if math.isnan(f1) else f1) * are_so / total
    accuracy = sum(rows[c][c] for c in range(size)) / total
    return told | {"accuracy": accuracy, "macro_f1": macro, "weighted_f1": weighted}
