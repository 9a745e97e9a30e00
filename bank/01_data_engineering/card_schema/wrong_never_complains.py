# misconception (a cheat): who stops nothing raises no false alarm
# loses: schema_guards_the_table, schema_stops_bad_values, schema_knows_the_eras, schema_names_every_fault
CARD_SCHEMA = pa.DataFrameSchema()


def validate_cards(cards):
    CARD_SCHEMA.validate(cards, lazy=True)
    return []
