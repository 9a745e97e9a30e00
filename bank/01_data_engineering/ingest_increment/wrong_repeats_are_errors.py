# misconception: a row that comes twice is a fault to raise; in truth networks retry
# loses: ingest_is_exactly_once
# may lose: ingest_adds_and_replaces
def ingest_increment(state, drop):
    if set(state["row_id"]) & set(drop["row_id"]):
        raise ValueError("this file was taken in before")
    rows = pd.concat([state, drop])
    rows = rows.sort_values(["scraped_at", "row_id"])
    rows = rows.drop_duplicates("card_code", keep="last")
    return rows.sort_values("card_code").reset_index(drop=True)
