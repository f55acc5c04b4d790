"""Run the command line with ``python -m tapsklearn``."""

import sys

from tapsklearn.cli import main

sys.exit(main())
