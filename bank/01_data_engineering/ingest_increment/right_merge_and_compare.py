# style: rows ranked by time and number within each card
# loses: nothing
def ingest_increment(state, drop):
    rows = pd.concat([state.astype(drop.dtypes.to_dict()), drop], ignore_index=True).drop_duplicates()
    rows = rows.sort_values(["row_id"]).sort_values("scraped_at", kind="stable")
    rank = rows.groupby("card_code").cumcount(ascending=False)
    return rows[rank == 0].sort_values("card_code", ignore_index=True)
