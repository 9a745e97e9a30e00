# misconception: groupby().last() gives the last row; it skips NaN, so a withdrawn card keeps a price
# loses: ingest_keeps_rows_whole, ingest_ignores_late_rows
def ingest_increment(state, drop):
    rows = pd.concat([state, drop])
    rows = rows.sort_values(["scraped_at", "row_id"])
    columns = list(rows.columns)
    rows = rows.groupby("card_code", as_index=False).last()[columns]
    return rows.sort_values("card_code").reset_index(drop=True)
