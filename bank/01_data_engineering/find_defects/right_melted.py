# style: one long table of cells, codes by np.select
# loses: nothing
def find_defects(raw):
    keys = ["row_id", "source", "scraped_at"]
    watched = ["hp", "max_damage", "list_price", "release_date", "type", "weakness", "resistance", "retreat", "artist"]
    cells = raw.melt(id_vars=keys, value_vars=watched, var_name="column")
    is_price, is_name = cells["column"] == "list_price", cells["column"].isin(["type", "weakness", "resistance"])
    is_number = cells["column"].isin(["hp", "max_damage", "list_price"])
    sentinels = {"hp": "9999", "list_price": "0.00", "release_date": "1899-12-30"}
    codes = {
        "OUT-BUG": cells["value"] == cells["column"].map(sentinels),
        "UNIT-CENT": is_price & (cells["source"] == "B") & (cells["scraped_at"] >= "2023-03"),
        "UNIT-EUR": is_price & (cells["source"] == "D"),
        "STR-NUM": is_number & cells["value"].str.contains("[ HP+×,]"),
        "DATE-MIX": (cells["column"] == "release_date") & (cells["value"].str[4] != "-"),
        "CAT-VAR": is_name & ~cells["value"].isin([*TYPES, "-"]),
        "MISS-MAR": (cells["column"] == "retreat") & (cells["value"] == ""),
        "MISS-MCAR": (cells["column"] == "artist") & (cells["value"] == ""),
    }
    cells["code"] = np.select([mask.fillna(False) for mask in codes.values()], list(codes), "")
    ranked = raw.sort_values(["card_code", "scraped_at", "row_id"], ascending=[True, False, True])
    same_time = ranked["scraped_at"] == ranked.groupby("card_code")["scraped_at"].transform("first")
    repeats = ranked[ranked["card_code"].duplicated()]
    code = np.where(same_time.loc[repeats.index], "DUP-EXACT", "DUP-RESCRAPE")
    repeats = pd.DataFrame({"row_id": repeats["row_id"], "column": "card_code", "code": code})
    return pd.concat([repeats, cells.loc[cells["code"] != "", ["row_id", "column", "code"]]], ignore_index=True)
