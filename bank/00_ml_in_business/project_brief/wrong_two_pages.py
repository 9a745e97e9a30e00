# misconception: more words show more work
# loses: brief_keeps_to_its_form
BRIEF = """
## Ask
Hanne, please approve the rule for the checking desk from Monday on, and no model this year. Ines, please name a clerk
who keeps the list of rarities.

## Decision
For each of 40,000 listings a month a clerk decides at once whether the card goes to the desk before it is sold. With
the rule he reads one label; without it nobody checks.

## Today
A dear card (from $10) that was sold unchecked costs $12 in disputes, which makes $35,280 a month. A check
costs $1.50.

## Rule first
Check the seven rarities whose September sales would have paid for it, if the seller sent two photos or more.
Found in September and tried on October, this saves $22,200 a month. It misses 15.3% of the dear
cards. The most that any tool could save is $30,870.

## Value
A model costs $48,000 to build and $1,500 a month to run. The rule leaves a gap to the most that can be saved, and the
model we tried closes a sixth of it: too little to pay for its running. All of this hangs most on the $12; with 30% less
the rule still pays, and the model even less.

## Metrics
- North star: dollars lost to disputes per 1,000 listings.
- Before launch: dollars saved on a month that the rule hasn't seen, at least 20,000. Checking nothing reaches 0 while
  being right about 93 of 100 cards, so we don't count right answers.
- Guardrail: of 100 checked cards at least 13 are dear (1.50 / 12); else checks cost more than they save.

## Risks
- Rarities change with each new set. Sign: an unknown label. Ines adds it within a week.
- Sellers learn to add or leave out photos. Sign: the share of single photos moves by five points. Bo looks.
- We only learn about cards we checked. Sign: none, so we check one in 50 of the others too. Noor counts them monthly.

## Plan
1. Clerks trained: even chance by 9 November, nine in ten by 16 November. Stop if two clerks disagree on more than 3 of
   100 cards.
2. First full month: 10 December, or 20 December. Stop if less than 15,000 dollars are saved.
3. Review: 15 January, or 31 January. A model is looked at again if the rule misses more than 40 of 100 dear cards.

- And there are further risks that one should keep in mind, as always in such a project, which depend on the market, the season and our own work.
- And there are further risks that one should keep in mind, as always in such a project, which depend on the market, the season and our own work.
- And there are further risks that one should keep in mind, as always in such a project, which depend on the market, the season and our own work.
- And there are further risks that one should keep in mind, as always in such a project, which depend on the market, the season and our own work.
- And there are further risks that one should keep in mind, as always in such a project, which depend on the market, the season and our own work.
- And there are further risks that one should keep in mind, as always in such a project, which depend on the market, the season and our own work.
- And there are further risks that one should keep in mind, as always in such a project, which depend on the market, the season and our own work.
- And there are further risks that one should keep in mind, as always in such a project, which depend on the market, the season and our own work.
- And there are further risks that one should keep in mind, as always in such a project, which depend on the market, the season and our own work.
- And there are further risks that one should keep in mind, as always in such a project, which depend on the market, the season and our own work.
- And there are further risks that one should keep in mind, as always in such a project, which depend on the market, the season and our own work.
- And there are further risks that one should keep in mind, as always in such a project, which depend on the market, the season and our own work.

## Roles
Ines owns the desk and the rule, also in a year. Bo computes the dollars each month. Noor is called when no listing or
every listing is flagged. Hanne decides about stopping.
"""
