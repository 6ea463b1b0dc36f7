"""`python -m helpthread` is the same as `helpthread`."""

import sys

from helpthread import main

sys.exit(main())
