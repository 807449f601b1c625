"""`handler.py` with one more engine: the one that falls ill on demand."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from worker.engines import registry
from worker.frontends.start import start

if __name__ == "__main__":
    registry.MODULES = {**registry.MODULES, "sick": "tests.production.sick_engine"}
    sys.exit(start(sys.argv[1:], os.environ))
