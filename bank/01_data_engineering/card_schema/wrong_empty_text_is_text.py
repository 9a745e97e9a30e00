# misconception: str says that something is there; in truth "" is a str
# loses: schema_stops_bad_values
# CARD_SCHEMA, a pa.DataFrameSchema, comes here; what it must hold stands in the docstring below.
def fits_its_year(cards: pd.DataFrame) -> pd.Series:
    year = cards["release_date"].dt.year
    dragon_is_known = (cards["type"] != "Dragon") | (year >= 2012)
    fairy_is_known = (cards["type"] != "Fairy") | year.between(2013, 2019)
    return dragon_is_known & fairy_is_known & (cards["regulation_mark"].notna() == (year >= 2017))


CARD_SCHEMA = pa.DataFrameSchema(
    {
        "card_code": pa.Column(str, pa.Check.str_matches(r"^[A-Z]\d{3}-\d{3}$"), unique=True),
        "set_code": pa.Column(str),
        "release_date": pa.Column("datetime64[us]", pa.Check.ge(pd.Timestamp("1999-01-01"))),
        "scraped_at": pa.Column("datetime64[us]"),
        "type": pa.Column(str, pa.Check.isin(TYPES)),
        "weakness": pa.Column(str, pa.Check.isin([*TYPES, "-"])),
        "stage": pa.Column(str, pa.Check.isin(["Basic", "Stage 1", "Stage 2"])),
        "rarity": pa.Column(str),
        "hp": pa.Column(float, [pa.Check.in_range(10, 400), pa.Check(lambda hp: hp % 10 == 0)], nullable=True),
        "retreat": pa.Column("int64", pa.Check.in_range(0, 5)),
        "regulation_mark": pa.Column(str, pa.Check.str_matches("^[A-Z]$"), nullable=True),
        "list_price": pa.Column(float, pa.Check.gt(0), nullable=True),
    },
    checks=[
        pa.Check(fits_its_year, name="type and regulation_mark fit release_date"),
        pa.Check(lambda cards: cards["release_date"] <= cards["scraped_at"], name="release_date before scraped_at"),
    ],
    strict=True,
)


def validate_cards(cards: pd.DataFrame) -> list[str]:
    try:
        CARD_SCHEMA.validate(cards, lazy=True)
    except pa.errors.SchemaErrors as refusal:
        cases = refusal.failure_cases
        return sorted({f"{case.column}: {case.check}, {case.failure_case}" for case in cases.itertuples()})
    return []
