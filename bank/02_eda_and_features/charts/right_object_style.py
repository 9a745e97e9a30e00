# style: a figure of its own, bars drawn by hand
# loses: nothing
def price_chart(cards):
    figure = plt.figure()
    axis = figure.add_subplot()
    low, high = cards["list_price"].min() / 1.05, cards["list_price"].max() * 1.05
    edges = low * (high / low) ** (np.arange(26) / 25)
    counts, edges = np.histogram(cards["list_price"], edges)
    axis.bar(edges[:-1], counts, width=np.diff(edges), align="edge")
    axis.set_xscale("log")
    axis.set_xlabel("price in dollars")
    axis.set_ylabel("number of listings")
    axis.set_title("What sellers ask, n = " + format(len(cards), ","), loc="center")
    return axis


def share_chart(cards, column):
    axis = plt.figure().add_subplot()
    values = sorted(cards[column].unique())
    for place, value in enumerate(values):
        axis.bar(place, cards.loc[cards[column] == value, "returned"].mean() * 100, color="black")
    axis.set_xticks(range(len(values)))
    axis.set_xticklabels([f"{value}\nn = {(cards[column] == value).sum():,}" for value in values])
    axis.set_ylim(0, 100)
    axis.set_ylabel("per cent returned")
    axis.set_title(f"n = {len(cards):,} cards", loc="right")
    return axis
