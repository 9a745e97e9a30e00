"""Bo's six charts of the typing desk, as he sent them. Whether to believe them is the reader's business."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from cardlab.lesson import PALETTE

RARITIES = ["Common", "Uncommon", "Rare", "Rare Holo", "Promo"]


def draw(letter: str, desk: pd.DataFrame) -> Figure:
    """Chart "A" to "F" of a table as `load_desk` gives it. Raises KeyError for another letter."""
    sold = desk[desk["batch"] == "archive"]
    figure: Figure = _CHARTS[letter](sold)
    figure.suptitle(f"Chart {letter}", x=0.01, ha="left", fontsize="small")
    return figure


def _hp_by_app(sold: pd.DataFrame) -> Figure:
    figure, axis = plt.subplots()
    means = sold.groupby("app")["hp"].mean()
    axis.bar(means.index, means, color=PALETTE[0])
    axis.set(ylim=(means.min() - 0.6, means.max() + 0.2), ylabel="mean hp (points)", xlabel="app of the seller")
    axis.set_title(f"Cards listed with one app are much stronger (n = {len(sold):,})")
    return figure


def _prices(sold: pd.DataFrame) -> Figure:
    figure, axis = plt.subplots()
    axis.hist(sold["list_price"], bins=40, color=PALETTE[1])
    axis.set(xlabel="list price (dollars)", ylabel="listings")
    axis.set_title(f"Prices hardly differ: nearly all lie in one place (n = {len(sold):,})")
    return figure


def _weeks(sold: pd.DataFrame) -> Figure:
    figure, left = plt.subplots()
    week = sold["listed_at"].dt.to_period("W").dt.start_time
    by_week = sold.groupby(week).agg(listings=("listing_id", "size"), returned=("returned", "mean")).iloc[1:-1]
    right = left.twinx()
    left.plot(by_week.index, by_week["listings"], color=PALETTE[0], label="listings")
    right.plot(by_week.index, 100 * by_week["returned"], color=PALETTE[1], linestyle="--", label="returned")
    left.set(ylabel="listings a week", ylim=(340, 440))
    right.set(ylabel="returned (%)", ylim=(0, 20))
    left.set_title(f"Returns have overtaken listings (n = {by_week['listings'].sum():,})")
    return figure


def _sellers(sold: pd.DataFrame) -> Figure:
    figure, axis = plt.subplots()
    worst = sold.groupby("seller_id")["returned"].mean().sort_values(kind="stable").tail(8)
    axis.barh(worst.index, 100 * worst, color=PALETTE[2])
    axis.set(xlabel="returned (%)", xlim=(0, 100), ylabel="seller")
    axis.set_title("The eight sellers to ban: shares of cards that came back")
    return figure


def _growth(sold: pd.DataFrame) -> Figure:
    figure, axis = plt.subplots()
    total = sold.groupby(sold["listed_at"].dt.date)["fee"].sum().cumsum()
    axis.fill_between(total.index, total, color=PALETTE[4])
    axis.set(xlabel="day", ylabel="fees (dollars)", ylim=(0, None))
    axis.set_title(f"Our fees grow from day to day (n = {len(sold):,} sales)")
    return figure


def _panels(sold: pd.DataFrame) -> Figure:
    figure, axes = plt.subplots(1, 2)
    for axis, (name, rows) in zip(axes, sold.groupby(sold["stage"] == "Basic"), strict=True):
        axis.hist(rows["max_damage"], bins=range(5, rows["max_damage"].max() + 10, 10), color=PALETTE[3])
        axis.set(xlim=(0, rows["max_damage"].max() + 5), xlabel="damage (points)", ylabel="cards")
        axis.set_title(f"{'Basic' if name else 'Stage 1 and 2'} (n = {len(rows):,})")
    return figure


_CHARTS = {"A": _hp_by_app, "B": _prices, "C": _weeks, "D": _sellers, "E": _growth, "F": _panels}
