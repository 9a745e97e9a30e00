# misconception (a cheat): who stops every table misses no bad one
# loses: schema_guards_the_table, schema_stops_bad_values, schema_knows_the_eras, schema_names_every_fault
CARD_SCHEMA = pa.DataFrameSchema()


def validate_cards(cards):
    return ["hp, weakness and stage look odd"]
