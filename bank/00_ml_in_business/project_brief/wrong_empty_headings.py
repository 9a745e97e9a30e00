# misconception: a form is filled in when its headings are there
# loses: brief_keeps_to_its_form, brief_numbers_agree
BRIEF = """
## Ask
To be done.

## Decision
To be done.

## Today
To be done.

## Rule first
To be done.

## Value
To be done.

## Metrics
To be done.

## Risks
To be done.

## Plan
To be done.

## Roles
To be done.
"""
