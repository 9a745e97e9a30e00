# misconception: what scores low is harmless, what scores high is a leak
# loses: audit_finds_leaks, audit_spares_the_strong
# Like {"hp": "ok", ...}, a verdict for each of the 18 columns.
AUDIT = {
    **dict.fromkeys(["hp", "stage", "weakness", "resistance", "retreat", "attack_cost", "max_damage", "rarity"], "ok"),
    **dict.fromkeys(["support_tag", "shelf"], "target"),
    **dict.fromkeys(["sold_price", "fee", "watchers"], "after"),
    **dict.fromkeys(["card_code", "name", "pokedex_no"], "identifier"),
    **dict.fromkeys(["species_type", "hp_z"], "split"),
}

AUDIT |= {"weakness": "target", "resistance": "target", "sold_price": "ok", "fee": "ok", "watchers": "ok", "hp_z": "ok"}
