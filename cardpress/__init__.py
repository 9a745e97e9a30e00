"""The authors' library: invented cards, dirty feeds with their ledger, and the files made from them.

It never reaches a student's image or process: whoever can import it can make every answer. Unofficial; every
creature is made up, and nothing here is affiliated with a real game.
"""
