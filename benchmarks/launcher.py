"""``synkro`` with its own peak memory written down at the end: ``launcher.py NOTE ARGUMENTS…``.

What lives here: nothing but that; it is started by ``processes``. The parent cannot ask for the
peak: what ``wait4`` tells includes the parent's own pages from before the program was replaced.
"""

from __future__ import annotations

import sys
from pathlib import Path


def peak_mib() -> float:
    """The most memory this process ever held, in MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    note = Path(sys.argv.pop(1))
    try:
        from synkro_assets.cli import main

        main()
    finally:
        note.write_text(str(peak_mib()), encoding="ascii")
