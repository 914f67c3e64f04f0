"""`python -m permits.sandbox`."""

import sys

from permits.sandbox.command import main

sys.exit(main())
