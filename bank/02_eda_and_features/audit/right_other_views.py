# style: verdicts that can be defended, too
# loses: nothing
# Like {"hp": "ok", ...}, a verdict for each of the 18 columns.
AUDIT = {
    **dict.fromkeys(["hp", "stage", "weakness", "resistance", "retreat", "attack_cost", "max_damage", "rarity"], "ok"),
    **dict.fromkeys(["support_tag", "shelf"], "after"),
    **dict.fromkeys(["sold_price", "fee", "watchers"], "after"),
    **dict.fromkeys(["name", "pokedex_no"], "identifier"),
    "card_code": "target",
    **dict.fromkeys(["hp_z"], "split"),
    "species_type": "target",
}
