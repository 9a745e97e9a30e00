"""Bo's six charts: each is drawn, and shows what the exercise asks about."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from cardlab.charts import draw
from cardpress.desk import make_desk


@pytest.fixture(scope="module")
def desk() -> pd.DataFrame:
    return make_desk(0x6C0D5E9A1B7F42838E94D3A7F10B2C65, n_cards=1500).table


def test_each_chart_has_a_letter_and_data(desk: pd.DataFrame) -> None:
    for letter in "ABCDEF":
        figure = draw(letter, desk)

        assert figure.get_suptitle() == f"Chart {letter}"
        assert all(axis.has_data() for axis in figure.axes)
        plt.close(figure)


def test_the_charts_mislead_as_they_should(desk: pd.DataFrame) -> None:
    figures = {letter: draw(letter, desk) for letter in "ABCDEF"}

    assert figures["A"].axes[0].get_ylim()[0] > 80
    assert figures["B"].axes[0].get_xscale() == "linear"
    assert len(figures["C"].axes) == 2
    assert "n =" not in figures["D"].axes[0].get_title(loc="left") + figures["D"].axes[0].get_title()
    assert figures["F"].axes[0].get_ylim() != figures["F"].axes[1].get_ylim()
    plt.close("all")


def test_another_letter_is_no_chart(desk: pd.DataFrame) -> None:
    with pytest.raises(KeyError):
        draw("G", desk)
