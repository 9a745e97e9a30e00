# misconception: columns come by alphabet
# loses: fill_holes_tells_the_model
def mechanisms(table: pd.DataFrame, audit: pd.DataFrame, known: list[str]) -> dict[str, str]:
    found = {}
    for measure in audit.columns.drop("listing_id"):
        is_hole = table[measure].isna()
        by_known = [_p_value(is_hole, table[column]) for column in known]
        was_hole = audit["listing_id"].map(is_hole.set_axis(table["listing_id"])).astype(bool)
        by_itself = stats.ks_2samp(audit.loc[was_hole, measure], audit.loc[~was_hole, measure]).pvalue
        found[measure] = "MAR" if min(by_known) < 1e-4 else "MNAR" if by_itself < 1e-4 else "MCAR"
    return found


def _p_value(is_hole, column):
    groups = pd.qcut(column, 5, duplicates="drop") if column.nunique() > 10 else column
    return stats.chi2_contingency(pd.crosstab(is_hole, groups)).pvalue


def fill_holes(train: pd.DataFrame, table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    columns = sorted(columns)
    filled = {name: table[name].astype(float).fillna(train[name].median()) for name in columns}
    return table.assign(**filled, **{f"{name}_missing": table[name].isna().astype("int64") for name in columns})
