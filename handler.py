"""Starts a front end; nothing else."""

import os
import sys

from worker.frontends.start import start

if __name__ == "__main__":
    sys.exit(start(sys.argv[1:], os.environ))
