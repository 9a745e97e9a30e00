# misconception: the first of March was still in dollars
# loses: find_defects_by_code
def find_defects(raw: pd.DataFrame) -> pd.DataFrame:
    in_order = raw.sort_values("row_id")
    newest = raw.groupby("card_code")["scraped_at"].transform("max")
    is_cents = (raw["source"] == "B") & (raw["scraped_at"] >= "2023-03-02")
    rules = [
        ("card_code", "DUP-EXACT", in_order.drop(columns="row_id").duplicated().reindex(raw.index)),
        ("card_code", "DUP-RESCRAPE", raw["scraped_at"] < newest),
        ("hp", "OUT-BUG", raw["hp"] == "9999"),
        ("list_price", "OUT-BUG", raw["list_price"] == "0.00"),
        ("release_date", "OUT-BUG", raw["release_date"] == "1899-12-30"),
        ("list_price", "UNIT-CENT", is_cents),
        ("list_price", "UNIT-EUR", raw["source"] == "D"),
        *((column, "STR-NUM", raw[column].str.contains("[^0-9.]")) for column in ("hp", "max_damage", "list_price")),
        ("release_date", "DATE-MIX", ~raw["release_date"].str.fullmatch(r"\d{4}-\d\d-\d\d")),
        *((column, "CAT-VAR", ~raw[column].isin([*TYPES, "-"])) for column in ("type", "weakness", "resistance")),
        ("retreat", "MISS-MAR", raw["retreat"] == ""),
        ("artist", "MISS-MCAR", raw["artist"] == ""),
    ]
    found = [pd.DataFrame({"row_id": raw.loc[bad, "row_id"], "column": col, "code": code}) for col, code, bad in rules]
    return pd.concat(found).drop_duplicates(["row_id", "column"]).reset_index(drop=True)
