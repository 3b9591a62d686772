"""The module `workers.asgi` by its older name."""

import sys

from workers import asgi

sys.modules[__name__] = asgi
