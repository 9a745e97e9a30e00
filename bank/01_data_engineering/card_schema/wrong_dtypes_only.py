# misconception: a schema is a list of dtypes; values are somebody else's business
# loses: schema_guards_the_table, schema_stops_bad_values, schema_knows_the_eras, schema_names_every_fault
CARD_SCHEMA = pa.DataFrameSchema(
    {
        **{name: pa.Column(str) for name in ["card_code", "set_code", "type", "weakness", "stage", "rarity"]},
        **{name: pa.Column("datetime64[us]") for name in ["release_date", "scraped_at"]},
        **{name: pa.Column(float, nullable=True) for name in ["hp", "list_price"]},
        "retreat": pa.Column(int),
        "regulation_mark": pa.Column(str, nullable=True),
    },
    strict=True,
)


def validate_cards(cards):
    try:
        CARD_SCHEMA.validate(cards, lazy=True)
    except pa.errors.SchemaErrors as error:
        return [f"{case['column']}: {case['check']}" for case in error.failure_cases.to_dict("records")]
    return []
