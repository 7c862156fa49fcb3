"""OpenGL, loaded the one way that suits every canvas. Whoever needs it imports `GL` from here."""

from __future__ import annotations

import os

# PyOpenGL looks at this once, when it is imported. Its default follows the session's type and finds no
# functions offscreen; eglGetProcAddress gives the same entry points whether GLX or EGL made the context.
os.environ.setdefault("PYOPENGL_PLATFORM", "egl")

from OpenGL import GL

from murai.errors import DisplayError

__all__ = ["GL", "link_program", "renderer_name", "vendor_name"]


def renderer_name() -> str:
    """What draws, in the driver's words."""
    return str(GL.glGetString(GL.GL_RENDERER).decode())


def vendor_name() -> str:
    """Who made the driver, in its own words: "NVIDIA Corporation"."""
    return str(GL.glGetString(GL.GL_VENDOR).decode())


def link_program(vertex: str, fragment: str) -> int:
    """A program from two shaders' sources.

    Raises:
        DisplayError: the driver refuses one of them.
    """
    program = int(GL.glCreateProgram())
    for kind, source in ((GL.GL_VERTEX_SHADER, vertex), (GL.GL_FRAGMENT_SHADER, fragment)):
        shader = GL.glCreateShader(kind)
        GL.glShaderSource(shader, source)
        GL.glCompileShader(shader)
        if not GL.glGetShaderiv(shader, GL.GL_COMPILE_STATUS):
            raise _refused(GL.glGetShaderInfoLog(shader))
        GL.glAttachShader(program, shader)
        GL.glDeleteShader(shader)
    GL.glLinkProgram(program)
    if not GL.glGetProgramiv(program, GL.GL_LINK_STATUS):
        raise _refused(GL.glGetProgramInfoLog(program))
    return program


def _refused(log: bytes | str) -> DisplayError:
    text = log.decode(errors="replace") if isinstance(log, bytes) else log
    return DisplayError(f"{renderer_name()} refuses a shader: {text}", "update the graphics driver")
