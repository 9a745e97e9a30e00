# style: masks and one chain of pandas methods; types as a category, latest row by idxmax
# loses: nothing
def clean(feed):
    keep = "card_code set_code release_date type weakness resistance retreat hp list_price source scraped_at".split()
    table = feed[keep].reset_index(drop=True)
    names = {spelling.upper(): name for spelling, name in (SPANISH | {name: name for name in [*TYPES, "-"]}).items()}
    words = ["type", "weakness", "resistance"]
    table[words] = table[words].astype("str").apply(
        lambda column: column.str.normalize("NFKC").str.strip().str.upper().map(names)
    )
    days = table["release_date"].astype("str").str.extract(r"^(\d+)[-/](\d+)[-/](\d+)")
    is_slashed = days[2].str.len() == 4
    is_late = pd.to_datetime(table["scraped_at"]) >= pd.Timestamp("2021-07-01")
    year = days[0].where(~is_slashed, days[2])
    month = days[1].where(~is_slashed | ~is_late, days[0])
    day = days[2].where(~is_slashed, days[0].where(~is_late, days[1]))
    dates = pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": day}).astype(int))
    dates = dates.mask(dates < "1999-01-01")
    table["release_date"] = dates.fillna(table["set_code"].map(dates.groupby(table["set_code"]).min()))
    table["retreat"] = pd.to_numeric(table["retreat"]).fillna(0).astype("int64")
    newest = pd.to_datetime(table["scraped_at"]).groupby(table["card_code"]).idxmax()
    return table.loc[newest.sort_index()].astype({"type": pd.CategoricalDtype(TYPES)}).reset_index(drop=True)
