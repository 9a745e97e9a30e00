# style: a DataFrameModel with class methods as checks
# loses: nothing
DatetimeUs = np.dtype("datetime64[us]")


class Cards(pa.DataFrameModel):
    card_code: str = pa.Field(unique=True, str_matches=r"^[A-Z]\d\d\d-\d\d\d$")
    set_code: str = pa.Field(str_length={"min_value": 1})
    release_date: DatetimeUs = pa.Field(ge=pd.Timestamp("1999-01-01"))
    scraped_at: DatetimeUs
    type: str = pa.Field(isin=TYPES)
    weakness: str = pa.Field(isin=[*TYPES, "-"])
    stage: str = pa.Field(isin=["Basic", "Stage 1", "Stage 2"])
    rarity: str = pa.Field(str_length={"min_value": 1})
    hp: float = pa.Field(ge=10, le=400, nullable=True)
    retreat: int = pa.Field(ge=0, le=5)
    regulation_mark: str = pa.Field(str_matches="^[A-Z]$", nullable=True)
    list_price: float = pa.Field(gt=0, nullable=True)

    class Config:
        strict = True

    @pa.check("hp")
    def in_tens(cls, hp):
        return hp.mod(10) == 0

    @pa.dataframe_check
    def released_first(cls, cards):
        return cards["release_date"] <= cards["scraped_at"]

    @pa.dataframe_check
    def fits_the_rules_of_its_year(cls, cards):
        first = cards["type"].map({"Dragon": 2012, "Fairy": 2013}).fillna(1999)
        last = cards["type"].map({"Fairy": 2019}).fillna(9999)
        return cards["release_date"].dt.year.between(first, last)

    @pa.dataframe_check
    def has_a_mark_since_2017(cls, cards):
        return (cards["release_date"] >= "2017-01-01") == cards["regulation_mark"].notna()


CARD_SCHEMA = Cards.to_schema()


def validate_cards(cards):
    try:
        Cards.validate(cards, lazy=True)
        return []
    except pa.errors.SchemaErrors as found:
        return found.failure_cases[["column", "check"]].astype(str).agg(" ".join, axis=1).tolist()
