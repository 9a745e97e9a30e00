# misconception: a new file goes below the old rows
# loses: ingest_adds_and_replaces, ingest_keeps_rows_whole, ingest_ignores_late_rows, ingest_is_exactly_once
def ingest_increment(state, drop):
    rows = pd.concat([state, drop])
    rows = rows.sort_values(["scraped_at", "row_id"])
    return rows.sort_values("card_code").reset_index(drop=True)
