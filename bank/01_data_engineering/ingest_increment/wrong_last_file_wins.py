# misconception: what comes last is newest; a late file turns cards back
# loses: ingest_ignores_late_rows, ingest_is_exactly_once
def ingest_increment(state, drop):
    rows = pd.concat([state, drop])
    rows = rows.drop_duplicates("card_code", keep="last")
    return rows.sort_values("card_code").reset_index(drop=True)
