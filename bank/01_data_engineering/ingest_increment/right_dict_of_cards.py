# style: plain Python, one dict entry a card
# loses: nothing
def ingest_increment(state, drop):
    table = {}
    for row in state.to_dict("records") + drop.to_dict("records"):
        held = table.get(row["card_code"])
        if held is None or (row["scraped_at"], row["row_id"]) > (held["scraped_at"], held["row_id"]):
            table[row["card_code"]] = row
    return pd.DataFrame([table[code] for code in sorted(table)], columns=list(drop.columns))
