# style: one table of factors by source and period, joined by key; rounded to cents; sentinels by mask
# loses: nothing
import logging


def read_amounts(raw):
    logging.warning("reading %d rows", len(raw))
    is_late = pd.to_datetime(raw["scraped_at"]) >= pd.Timestamp(2023, 3, 1)
    factors = {("B", True): 0.01, ("D", True): 1.08, ("D", False): 1.08}
    factor = pd.Series([factors.get(key, 1.0) for key in zip(raw["source"], is_late)], index=raw.index)
    digits = raw[["hp", "max_damage", "list_price"]].apply(lambda text: text.str.findall(r"[\d.]+").str.join(""))
    amounts = digits.astype(float).mask(lambda table: table == 0).mask(lambda table: table == 9999.0)
    amounts["list_price"] = (digits["list_price"].astype(float).mask(lambda price: price == 0) * factor).round(2)
    amounts["max_damage"] = digits["max_damage"].astype(float)
    return pd.concat([raw.drop(columns=list(amounts)), amounts], axis=1)[list(raw.columns)]
