# misconception: a rate of 1.08 is to divide by; in truth a euro is more than a dollar
# loses: amounts_are_dollars
def read_amounts(raw):
    table = raw.copy()
    for column in ["hp", "max_damage", "list_price"]:
        table[column] = table[column].str.replace(",", "").str.strip("HP+× ").astype(float)
    table.loc[table["hp"] == 9999, "hp"] = np.nan
    table.loc[table["list_price"] == 0, "list_price"] = np.nan
    is_cents = (table["source"] == "B") & (table["scraped_at"] >= "2023-03-01")
    table.loc[is_cents, "list_price"] /= 100
    table.loc[table["source"] == "D", "list_price"] /= 1.08
    return table
