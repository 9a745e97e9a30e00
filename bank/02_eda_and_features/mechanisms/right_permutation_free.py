# style: differences of means in standard errors, no test
# loses: nothing
def mechanisms(table, audit, known):
    holes = table.set_index("listing_id")[list(audit.columns.drop("listing_id"))].isna()
    told = {}
    for name in holes:
        gap = holes[name].to_numpy().astype(float)
        columns = [pd.get_dummies(table[column]).to_numpy(float).T if table[column].dtype == "str"
                   else [table[column].to_numpy(float)] for column in known]
        strongest = max(abs(np.corrcoef(gap, one)[0, 1]) for group in columns for one in group)
        seen = holes[name].loc[audit["listing_id"]].to_numpy()
        values = audit[name].to_numpy()
        apart = abs(values[seen].mean() - values[~seen].mean()) / (values.std() * np.sqrt(1 / seen.sum() + 1 / (~seen).sum()))
        told[name] = "MAR" if strongest > 5 / np.sqrt(len(gap)) else "MNAR" if apart > 5 else "MCAR"
    return told


def fill_holes(train, table, columns):
    result = table.copy()
    for name in columns:
        result[name] = [train[name].median() if pd.isna(value) else float(value) for value in table[name]]
    for name in columns:
        result[f"{name}_missing"] = [int(pd.isna(value)) for value in table[name]]
    return result
