# misconception (a cheat): who takes in nothing counts nothing twice
# loses: ingest_adds_and_replaces, ingest_keeps_rows_whole, ingest_ignores_late_rows, ingest_is_exactly_once
def ingest_increment(state, drop):
    return state
