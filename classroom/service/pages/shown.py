"""How values are written on a page: times, sizes, points, durations. Pure; used as filters by the templates."""

import datetime as dt

MINUS = "\N{MINUS SIGN}"


def day_and_time(at: dt.datetime, zone: dt.tzinfo, now: dt.datetime) -> str:
    """Thu 3 Dec, 23:59; with the year when it isn't this one."""
    local = at.astimezone(zone)
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M}"


def to_the_second(at: dt.datetime, zone: dt.tzinfo) -> str:
    """2026-11-22 21:47:09 +01:00, as on a receipt."""
    offset = f"{at.astimezone(zone):%z}"
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:]}"


def iso(at: dt.datetime) -> str:
    """For the datetime attribute of <time>."""
    return at.astimezone(dt.UTC).isoformat(timespec="seconds")


def relative(at: dt.datetime, now: dt.datetime) -> str:
    """in 10 days, 3 h ago, just now."""
    seconds = (at - now).total_seconds()
    if abs(seconds) < 60:
        return "just now"
    words = duration(abs(seconds))
    return f"in {words}" if seconds > 0 else f"{words} ago"


def duration(seconds: float) -> str:
    """The two largest units that matter: 10 days, 1 day 9 h, 2 h 10 min, 2 min 30 s, 45 s."""
    whole = max(0, round(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    if days >= 3:
        return f"{days} days"
    if days:
        return f"{days} {'day' if days == 1 else 'days'}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    if minutes:
        return f"{minutes} min" + (f" {left} s" if left and minutes < 10 else "")
    return f"{left} s"


def size(size_bytes: int) -> str:
    """312 MB, 187 kB, 90 bytes; thousands, as upload dialogues count."""
    if size_bytes >= 1_000_000:
        return f"{size_bytes / 1e6:.1f} MB".replace(".0 ", " ")
    return f"{round(size_bytes / 1000)} kB" if size_bytes >= 1000 else f"{size_bytes} bytes"


def points(value: float) -> str:
    """One decimal, two where quarters occur: 45.0, 5.25; a minus is a minus sign."""
    hundredths = round(value * 100)
    text = f"{abs(hundredths) / 100:.2f}" if hundredths % 10 else f"{abs(hundredths) / 100:.1f}"
    return f"{MINUS}{text}" if hundredths < 0 else text


def short_hash(digest: str) -> str:
    """The first eight digits in two groups; the whole stands in the receipt."""
    return f"{digest[:4]} {digest[4:8]}"


def count(number: int, one: str, many: str = "") -> str:
    """1 attempt, 2 attempts."""
    return f"{number} {one if number == 1 else many or one + 's'}"
