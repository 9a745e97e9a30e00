# misconception: a column that knows too much must be a leak
# loses: audit_spares_the_strong, audit_finds_leaks
# Like {"hp": "ok", ...}, a verdict for each of the 18 columns.
AUDIT = {
    **dict.fromkeys(["hp", "stage", "weakness", "resistance", "retreat", "attack_cost", "max_damage", "rarity"], "ok"),
    **dict.fromkeys(["support_tag", "shelf"], "target"),
    **dict.fromkeys(["sold_price", "fee", "watchers"], "after"),
    **dict.fromkeys(["card_code", "name", "pokedex_no"], "identifier"),
    **dict.fromkeys(["species_type", "hp_z"], "split"),
}

AUDIT["weakness"] = "target"
