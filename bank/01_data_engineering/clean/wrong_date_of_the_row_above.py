# misconception: ffill() knows the date; the first card of a set has nothing above it
# loses: clean_repairs_dates
# may lose: clean_ignores_row_order
def clean(feed: pd.DataFrame) -> pd.DataFrame:
    names = "card_code set_code release_date type weakness resistance retreat hp list_price source scraped_at"
    spellings = {name.casefold(): name for name in [*TYPES, "-"]}
    spellings |= {word.casefold(): name for word, name in SPANISH.items()}

    def spell(word: str) -> str:
        return spellings[unicodedata.normalize("NFKC", word).strip().casefold()]

    text = feed["release_date"].astype(str)
    day_first = pd.to_datetime(text, format="%d/%m/%Y", errors="coerce")
    month_first = pd.to_datetime(text, format="%m/%d/%Y", errors="coerce")
    slashed = day_first.where(feed["scraped_at"] < "2021-07-01", month_first)
    date = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce").fillna(slashed)
    date = date.where(date.dt.year > 1899)
    tidy = feed.assign(
        release_date=date.groupby(feed["set_code"]).ffill(),
        retreat=feed["retreat"].replace("", 0).astype("int64"),
        **{column: feed[column].map(spell) for column in ("type", "weakness", "resistance")},
    )
    newest_last = tidy[names.split()].sort_values(["card_code", "scraped_at"])
    return newest_last.drop_duplicates("card_code", keep="last").reset_index(drop=True)
