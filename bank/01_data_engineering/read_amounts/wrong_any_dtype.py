# misconception: a number is a number, whether pandas calls it object, int or Float64
# loses: amounts_reads_numbers
def read_amounts(raw: pd.DataFrame) -> pd.DataFrame:
    hp, damage, price = (
        pd.to_numeric(raw[column].str.replace("[^0-9.]", "", regex=True)).astype(float)
        for column in ("hp", "max_damage", "list_price")
    )
    is_cents = (raw["source"] == "B") & (raw["scraped_at"] >= "2023-03-01")
    dollars = price * np.select([is_cents, raw["source"] == "D"], [0.01, 1.08], 1.0)
    return raw.assign(hp=hp.where(hp != 9999).astype(object), max_damage=damage.astype(int), list_price=dollars.where(dollars > 0).astype("Float64"))
