# misconception: an index is only decoration; in truth it tells where a row stood in the file
# loses: clean_keeps_latest_scrape, clean_ignores_row_order
COLUMNS = ["card_code", "set_code", "release_date", "type", "weakness", "resistance", "retreat", "hp", "list_price",
           "source", "scraped_at"]


def tidy_word(word):
    word = unicodedata.normalize("NFKC", word).strip().capitalize()
    return SPANISH.get(word, word)


def tidy_date(text, scraped_at):
    if "/" not in text:
        return pd.Timestamp(text[:10])
    return pd.to_datetime(text, format="%d/%m/%Y" if scraped_at < "2021-07-01" else "%m/%d/%Y")


def clean(feed):
    table = feed[COLUMNS].copy()
    for column in ["type", "weakness", "resistance"]:
        table[column] = [tidy_word(word) for word in table[column]]
    dates = [tidy_date(str(text), when) for text, when in zip(table["release_date"], table["scraped_at"])]
    table["release_date"] = pd.Series(dates, index=table.index)
    known = table[table["release_date"] > "1900-01-01"].groupby("set_code")["release_date"].min()
    table["release_date"] = table["set_code"].map(known)
    table["retreat"] = table["retreat"].replace("", "0").astype(int)
    table = table.sort_values("scraped_at").drop_duplicates("card_code", keep="last")
    return table.sort_values("card_code")
