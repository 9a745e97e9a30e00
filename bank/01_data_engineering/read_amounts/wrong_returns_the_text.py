# misconception (a cheat): hand back what came in
# loses: amounts_reads_numbers, amounts_are_dollars
def read_amounts(raw):
    return raw
