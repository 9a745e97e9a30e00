# misconception: a higher row_id was scraped later; in truth only scraped_at says when
# loses: ingest_adds_and_replaces, ingest_keeps_rows_whole, ingest_ignores_late_rows, ingest_is_exactly_once
def ingest_increment(state, drop):
    rows = pd.concat([state, drop])
    rows = rows.sort_values(["row_id", "scraped_at"])
    rows = rows.drop_duplicates("card_code", keep="last")
    return rows.sort_values("card_code").reset_index(drop=True)
