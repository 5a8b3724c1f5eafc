"""Where the command starts: puts this folder's package on the path and hands over to cli.py.

`exo` runs this file directly, in Python's isolated mode, because that starts ten milliseconds faster than
`python3 -m` does.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from exo import cli  # noqa: E402  (the path has to be set first)

sys.exit(cli.main(sys.argv[1:]))
