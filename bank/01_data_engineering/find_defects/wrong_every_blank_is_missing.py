# misconception: every blank cell is a hole; in truth cards from before 2017 have no mark
# loses: find_defects_by_code, find_defects_spares_the_rare
def find_defects(raw):
    found = []

    def report(is_bad, column, code):
        for row_id in raw.loc[is_bad, "row_id"]:
            found.append((row_id, column, code))

    report(raw["hp"] == "9999", "hp", "OUT-BUG")
    report(raw["list_price"] == "0.00", "list_price", "OUT-BUG")
    report(raw["release_date"] == "1899-12-30", "release_date", "OUT-BUG")
    newest = raw.groupby("card_code")["scraped_at"].transform("max")
    report(raw["scraped_at"] < newest, "card_code", "DUP-RESCRAPE")
    report(raw.sort_values("row_id").drop(columns="row_id").duplicated().reindex(raw.index), "card_code", "DUP-EXACT")
    is_cents = (raw["source"] == "B") & (raw["scraped_at"] >= "2023-03-01")
    report(is_cents & (raw["list_price"] != "0.00"), "list_price", "UNIT-CENT")
    report((raw["source"] == "D") & (raw["list_price"] != "0.00"), "list_price", "UNIT-EUR")
    report(raw["hp"].str.contains("HP"), "hp", "STR-NUM")
    report(raw["max_damage"].str.contains("[+×]"), "max_damage", "STR-NUM")
    report(raw["list_price"].str.contains(","), "list_price", "STR-NUM")
    report(raw["release_date"].str.contains("/"), "release_date", "DATE-MIX")
    for column in ["type", "weakness", "resistance"]:
        report(~raw[column].isin(TYPES + ["-"]), column, "CAT-VAR")
    report(raw["retreat"] == "", "retreat", "MISS-MAR")
    for column in ["artist", "regulation_mark", "support_tag"]:
        report(raw[column] == "", column, "MISS-MCAR")
    return pd.DataFrame(found, columns=["row_id", "column", "code"])
