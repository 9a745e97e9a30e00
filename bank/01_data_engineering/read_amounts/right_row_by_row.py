# style: plain Python, one row at a time, real dates
# loses: nothing
import re


def number(text):
    return float(re.sub(r"[^0-9.]", "", text))


def dollars(row):
    price, day = number(row["list_price"]), row["scraped_at"][:10]
    if price == 0:
        return float("nan")
    if row["source"] == "D":
        return price * 1.08
    return round(price / 100, 2) if row["source"] == "B" and day > "2023-02-28" else price


def read_amounts(raw):
    rows = raw.to_dict("records")
    hp = [number(row["hp"]) for row in rows]
    return raw.assign(
        hp=[float("nan") if points == 9999 else points for points in hp],
        max_damage=[number(row["max_damage"]) for row in rows],
        list_price=[dollars(row) for row in rows],
    )
