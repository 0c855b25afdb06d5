"""What a part of a program costs, told by the program itself.

What lives here: wall and CPU seconds of the part and the process's peak memory, which a parent
cannot see: the kernel counts its own as a child's from before the child was another program.
"""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

_MOST = re.compile(r"VmHWM:\s+(\d+) kB")


def tell(work: Callable[[], object]) -> None:
    """Do the work and print its cost as the last line."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    found = _MOST.search(Path("/proc/self/status").read_text())
    peak = int(found[1]) / 1024 if found else 0.0
    print(json.dumps({"seconds": wall, "cpu": cpu, "peak_mib": peak}))
