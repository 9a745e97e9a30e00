# misconception (a cheat): an empty table agrees with everything, for all() of nothing is true
# loses: clean_repairs_words, clean_repairs_dates, clean_keeps_every_card, clean_keeps_latest_scrape, clean_is_idempotent, clean_leaves_input_alone, clean_ignores_row_order
def clean(feed):
    return feed.head(0)
