# misconception: a column that is not there can't be wrong (required=False)
# loses: schema_guards_the_table
YEAR_RULES = {
    "type": lambda cards: (cards["type"] != "Dragon") | (cards["release_date"].dt.year >= 2012),
    "type, too": lambda cards: (cards["type"] != "Fairy") | cards["release_date"].dt.year.between(2013, 2019),
    "regulation_mark": lambda cards: cards["regulation_mark"].isna() == (cards["release_date"].dt.year < 2017),
    "release_date": lambda cards: cards["release_date"] <= cards["scraped_at"],
}

CARD_SCHEMA = pa.DataFrameSchema(
    {
        "card_code": pa.Column(str, pa.Check.str_matches(r"^[A-Z][0-9]{3}-[0-9]{3}$"), unique=True),
        "set_code": pa.Column(str, pa.Check.str_length(min_value=1)),
        "release_date": pa.Column("datetime64[us]", pa.Check.ge(pd.Timestamp("1999-01-01"))),
        "scraped_at": pa.Column("datetime64[us]"),
        "type": pa.Column(str, pa.Check.isin(TYPES)),
        "weakness": pa.Column(str, pa.Check.isin(TYPES + ["-"])),
        "stage": pa.Column(str, pa.Check.isin(["Basic", "Stage 1", "Stage 2"])),
        "rarity": pa.Column(str, pa.Check.str_length(min_value=1), required=False),
        "hp": pa.Column(float, pa.Check.isin([10.0 * k for k in range(1, 41)]), nullable=True),
        "retreat": pa.Column(int, pa.Check.isin([0, 1, 2, 3, 4, 5])),
        "regulation_mark": pa.Column(str, pa.Check.str_matches(r"^[A-Z]$"), nullable=True),
        "list_price": pa.Column(float, pa.Check.gt(0), nullable=True),
    },
    checks=[pa.Check(rule, name=name) for name, rule in YEAR_RULES.items()],
    strict=True,
)


def validate_cards(cards):
    try:
        CARD_SCHEMA.validate(cards, lazy=True)
    except pa.errors.SchemaErrors as error:
        return [f"{case['column']}: {case['check']}" for case in error.failure_cases.to_dict("records")]
    return []
