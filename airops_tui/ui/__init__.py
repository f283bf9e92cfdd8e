"""The full-screen console. The only room that imports Textual.

Textual takes orders from its environment: `TEXTUAL_PRESS` presses keys, `TEXTUAL_DRIVER` imports any class,
`TEXTUAL_LOG` opens a file. Whoever can set a variable must not steer the console, so all of them are forgotten here,
before the first import of Textual reads them.
"""

from __future__ import annotations

import os

for _name in [name for name in os.environ if name.startswith("TEXTUAL_")]:
    del os.environ[_name]
