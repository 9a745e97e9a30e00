"""Running a command as an ordinary user, for tests that run as root.

The checkout and the interpreter may stand where that user may not look (/root is closed). So the command gets a mount
namespace of its own, in which only these folders are to be seen there.
"""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
USER = "nobody"

# $1: uid, $2: gid, $3: how many pairs (closed folder, folder in it to be shown) follow; then the command.
_SCRIPT = """
set -eu
uid=$1 gid=$2 pairs=$3; shift 3
mount -t tmpfs none /mnt  # in our own namespace: nothing is left behind
hold=/mnt
i=0
while [ "$i" -lt "$pairs" ]; do
  mkdir "$hold/$i"; mount --bind "$2" "$hold/$i"
  eval "closed_$i=\\$1 shown_$i=\\$2"; shift 2; i=$((i + 1))
done
i=0 covered=
while [ "$i" -lt "$pairs" ]; do
  eval "closed=\\$closed_$i shown=\\$shown_$i"
  case ":$covered:" in
    *":$closed:"*) ;;
    *) mount -t tmpfs -o mode=0755 none "$closed"; covered="$covered:$closed" ;;
  esac
  mkdir -p "$shown"; mount --bind "$hold/$i" "$shown"; i=$((i + 1))
done
exec setpriv --reuid "$uid" --regid "$gid" --clear-groups --bounding-set=-all --inh-caps=-all -- "$@"
"""


def as_user(command: Sequence[str]) -> list[str]:
    """The command, wrapped so that it runs as USER with the checkout and the interpreter in sight."""
    account = pwd.getpwnam(USER)
    pairs = list(_closed_folders())
    shown = [str(part) for pair in pairs for part in pair]
    prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _SCRIPT, "sh"]
    return [*prefix, str(account.pw_uid), str(account.pw_gid), str(len(pairs)), *shown, *command]


@cache
def why_no_other_user() -> str:
    """Why no command can be run as USER here; empty when it can."""
    if os.geteuid() != 0:
        return "only root can become another user; these tests run as an ordinary one already"
    tried = subprocess.run(as_user([sys.executable, "-c", "import classroom"]), capture_output=True, text=True, cwd="/")
    return "" if tried.returncode == 0 else f"{USER} can't run this environment: {tried.stderr.strip()[-300:]}"


def _closed_folders() -> Iterator[tuple[Path, Path]]:
    """(first folder on the way that others may not enter, folder to be shown there)."""
    for wanted in dict.fromkeys((ROOT, Path(sys.base_prefix).resolve())):
        for folder in reversed(wanted.parents):
            if not folder.stat().st_mode & 0o001:
                yield folder, wanted
                break
