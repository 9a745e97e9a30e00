# misconception: a withdrawn card is deleted; a late row then brings it back
# loses: ingest_keeps_rows_whole, ingest_ignores_late_rows
def ingest_increment(state, drop):
    rows = pd.concat([state, drop])
    rows = rows.sort_values(["scraped_at", "row_id"])
    rows = rows.drop_duplicates("card_code", keep="last")
    rows = rows[rows["status"] != "withdrawn"]
    return rows.sort_values("card_code").reset_index(drop=True)
