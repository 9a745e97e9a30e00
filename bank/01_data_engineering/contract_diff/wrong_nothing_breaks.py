# misconception (a cheat): who finds nothing is never wrong about a harmless change
# loses: contract_finds_breaks, contract_lets_feeds_grow, contract_reports_everything
def contract_diff(old, new):
    return []
