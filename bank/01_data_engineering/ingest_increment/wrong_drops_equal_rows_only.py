# misconception: a repeated file is the only repetition; a card's newer row is a new card
# loses: ingest_adds_and_replaces, ingest_keeps_rows_whole, ingest_ignores_late_rows, ingest_is_exactly_once
def ingest_increment(state, drop):
    rows = pd.concat([state, drop])
    rows = rows.sort_values(["scraped_at", "row_id"])
    rows = rows.drop_duplicates()
    return rows.sort_values("card_code").reset_index(drop=True)
