# style: plain Python, one dict a card, no pandas string methods; noisy on stdout and stderr
# loses: nothing
import datetime
import sys


def read_day(value, source, scraped_at):
    text = str(value)
    if "/" in text:
        first, second, year = (int(part) for part in text.split("/"))
        day, month = (first, second) if scraped_at[:10] <= "2021-06-30" else (second, first)
        return datetime.datetime(year, month, day)
    return datetime.datetime.fromisoformat(text[:10])


def read_word(word):
    plain = unicodedata.normalize("NFKC", word).strip()
    for name in [*TYPES, "-"]:
        if plain.lower() == name.lower():
            return name
    return next(name for spanish, name in SPANISH.items() if plain.lower() == spanish.lower())


def clean(feed):
    print("cleaning", len(feed), "rows")
    print("no progress bar here", file=sys.stderr)
    keep = "card_code set_code release_date type weakness resistance retreat hp list_price source scraped_at".split()
    rows = [{column: row[column] for column in keep} for row in feed.to_dict("records")]
    day_of_set, cards = {}, {}
    for row in rows:
        row["release_date"] = read_day(row["release_date"], row["source"], row["scraped_at"])
        if row["release_date"].year > 1900:
            day_of_set[row["set_code"]] = row["release_date"]
    for row in rows:
        row["release_date"] = day_of_set[row["set_code"]]
        row["retreat"] = int(row["retreat"] or 0)
        row |= {column: read_word(row[column]) for column in ("type", "weakness", "resistance")}
        if row["card_code"] not in cards or cards[row["card_code"]]["scraped_at"] < row["scraped_at"]:
            cards[row["card_code"]] = row
    table = pd.DataFrame([cards[code] for code in sorted(cards)], columns=keep)
    return table.astype({"retreat": "int64", "hp": float, "list_price": float})
