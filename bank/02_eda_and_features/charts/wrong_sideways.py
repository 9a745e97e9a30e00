# misconception: bars may lie
# loses: share_chart_is_honest
def price_chart(cards: pd.DataFrame):
    price = cards["list_price"]
    edges = np.geomspace(price.min() * 0.99, price.max() * 1.01, 31)
    _, axis = plt.subplots()
    axis.hist(price, bins=edges)
    axis.set(xscale="log", xlabel="list price (dollars, log scale)", ylabel="listings")
    axis.set_title(f"Prices span four powers of ten (n = {len(price):,})")
    return axis


def share_chart(cards: pd.DataFrame, column: str):
    by_value = cards.groupby(column)["returned"].agg(["mean", "size"]).sort_index()
    _, axis = plt.subplots()
    axis.barh(range(len(by_value)), 100 * by_value["mean"])
    labels = [f"{value}\nn = {size:,}" for value, size in by_value["size"].items()]
    axis.set_xticks(range(len(by_value)), labels)
    axis.set(xlabel=column, ylabel="returned (%)", ylim=(0, None))
    axis.set_title(f"Cards that came back, by {column} (n = {len(cards):,})")
    return axis
