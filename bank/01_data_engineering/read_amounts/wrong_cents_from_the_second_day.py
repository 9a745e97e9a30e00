# misconception: the first of March was still in dollars
# loses: amounts_are_dollars
def read_amounts(raw: pd.DataFrame) -> pd.DataFrame:
    hp, damage, price = (
        pd.to_numeric(raw[column].str.replace("[^0-9.]", "", regex=True)).astype(float)
        for column in ("hp", "max_damage", "list_price")
    )
    is_cents = (raw["source"] == "B") & (raw["scraped_at"] >= "2023-03-02")
    dollars = price * np.select([is_cents, raw["source"] == "D"], [0.01, 1.08], 1.0)
    return raw.assign(hp=hp.where(hp != 9999), max_damage=damage, list_price=dollars.where(dollars > 0))
