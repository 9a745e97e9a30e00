# misconception (a cheat): an empty list raises no false alarm
# loses: find_defects_by_code, find_defects_sees_repeats, find_defects_spares_the_rare
def find_defects(raw):
    return pd.DataFrame({"row_id": [], "column": [], "code": []})
