"""`python -m worker.request` prints the JSON Schema of a request."""

import json
import sys

from worker.request.schema import schema

json.dump(schema(), sys.stdout, indent=2, ensure_ascii=False)
sys.stdout.write("\n")
