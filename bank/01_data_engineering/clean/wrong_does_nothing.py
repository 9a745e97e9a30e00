# misconception (a cheat): doing nothing is pure, idempotent and, once sorted, blind to row order
# loses: clean_repairs_words, clean_repairs_dates, clean_keeps_every_card, clean_keeps_latest_scrape, clean_is_idempotent, clean_leaves_input_alone, clean_ignores_row_order
def clean(feed):
    return feed.sort_values(list(feed.columns)).reset_index(drop=True)
