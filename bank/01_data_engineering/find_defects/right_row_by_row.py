# style: plain Python, one row at a time, first match wins
# loses: nothing
import re


def cell_code(column, text, row):
    if text == {"hp": "9999", "list_price": "0.00", "release_date": "1899-12-30"}.get(column):
        return "OUT-BUG"
    if column == "list_price" and row["source"] == "B" and row["scraped_at"][:10] >= "2023-03-01":
        return "UNIT-CENT"
    if column == "list_price" and row["source"] == "D":
        return "UNIT-EUR"
    if column in ("hp", "max_damage", "list_price") and not re.fullmatch(r"\d+(\.\d+)?", text):
        return "STR-NUM"
    if column == "release_date" and "/" in text:
        return "DATE-MIX"
    if column in ("type", "weakness", "resistance") and text not in TYPES and text != "-":
        return "CAT-VAR"
    if text == "":
        return {"retreat": "MISS-MAR", "artist": "MISS-MCAR"}.get(column)
    return None


def find_defects(raw):
    rows = sorted(raw.to_dict("records"), key=lambda row: row["row_id"])
    newest = {}
    for row in rows:
        newest[row["card_code"]] = max(newest.get(row["card_code"], ""), row["scraped_at"])
    seen, cells = set(), []
    for row in rows:
        values = tuple(value for column, value in row.items() if column != "row_id")
        if row["scraped_at"] < newest[row["card_code"]]:
            cells.append((row["row_id"], "card_code", "DUP-RESCRAPE"))
        elif values in seen:
            cells.append((row["row_id"], "card_code", "DUP-EXACT"))
        seen.add(values)
        for column, text in row.items():
            code = column != "row_id" and cell_code(column, text, row)
            if code:
                cells.append((row["row_id"], column, code))
    return pd.DataFrame(cells, columns=["row_id", "column", "code"])
