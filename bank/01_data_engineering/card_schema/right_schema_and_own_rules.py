# style: pandera for single columns, plain pandas for rules across columns
# loses: nothing
CARD_SCHEMA = pa.DataFrameSchema(
    {
        "card_code": pa.Column(str, pa.Check.str_matches("^[A-Z][0-9]{3}-[0-9]{3}$")),
        "set_code": pa.Column(str, pa.Check.ne("")),
        "release_date": pa.Column("datetime64[us]", pa.Check(lambda day: day.dt.year >= 1999)),
        "scraped_at": pa.Column("datetime64[us]"),
        "type": pa.Column(str, pa.Check.isin(TYPES)),
        "weakness": pa.Column(str, pa.Check.isin(["-", *TYPES])),
        "stage": pa.Column(str, pa.Check.isin(["Basic", "Stage 1", "Stage 2"])),
        "rarity": pa.Column(str, pa.Check.ne("")),
        "hp": pa.Column(float, pa.Check(lambda hp: hp.isin(range(10, 401, 10))), nullable=True),
        "retreat": pa.Column(int, pa.Check.between(0, 5)),
        "regulation_mark": pa.Column(str, pa.Check.str_matches("^[A-Z]$"), nullable=True),
        "list_price": pa.Column(float, pa.Check(lambda price: price > 0), nullable=True),
    },
    strict=True,
    unique=["card_code"],
)


def validate_cards(cards):
    complaints = []
    try:
        CARD_SCHEMA.validate(cards, lazy=True)
    except pa.errors.SchemaErrors as error:
        complaints = [str(case) for case in error.failure_cases.values.tolist()]
    if complaints:
        return complaints
    year = cards["release_date"].dt.year
    is_dragon, is_fairy = cards["type"] == "Dragon", cards["type"] == "Fairy"
    rules = {
        "type: Dragon before 2012": is_dragon & (year < 2012),
        "type: Fairy before 2013 or after 2019": is_fairy & ((year < 2013) | (year > 2019)),
        "regulation_mark: before 2017": (year < 2017) & cards["regulation_mark"].notna(),
        "regulation_mark: missing": (year >= 2017) & cards["regulation_mark"].isna(),
        "release_date: after scraped_at": cards["release_date"] > cards["scraped_at"],
    }
    return [rule for rule, is_broken in rules.items() if is_broken.any()]
