import subprocess
import sys

import pytest

CAMERA = """
import sys
from murai.errors import CameraMissing
from murai.sources import open_source
try:
    open_source("v4l2:///dev/video77")
except CameraMissing:
    pass
import murai.sources.cameras, murai.sources.pictures
"""


@pytest.mark.parametrize("program", ["import sys\nimport murai.sources", CAMERA])
def test_cameras_and_packets_load_neither_torch_nor_opengl(program: str) -> None:
    check = "\nprint([name for name in ('torch', 'OpenGL', 'glfw') if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program + check], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
