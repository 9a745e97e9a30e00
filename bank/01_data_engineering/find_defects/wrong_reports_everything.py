# misconception (a cheat): a list of every cell with every code misses nothing
# loses: find_defects_by_code, find_defects_sees_repeats, find_defects_spares_the_rare
def find_defects(raw):
    codes = {
        "card_code": ["DUP-EXACT", "DUP-RESCRAPE"], "hp": ["OUT-BUG", "STR-NUM"], "max_damage": ["STR-NUM"],
        "list_price": ["OUT-BUG", "UNIT-CENT", "UNIT-EUR", "STR-NUM"], "release_date": ["OUT-BUG", "DATE-MIX"],
        "type": ["CAT-VAR"], "weakness": ["CAT-VAR"], "resistance": ["CAT-VAR"], "retreat": ["MISS-MAR"],
        "artist": ["MISS-MCAR"],
    }
    cells = [(row, column, code) for row in raw["row_id"] for column in codes for code in codes[column]]
    return pd.DataFrame(cells, columns=["row_id", "column", "code"])
