"""A linked shader program that knows where its uniforms are."""

from __future__ import annotations

from murai.display.opengl import GL, link_program

# Turns the upright screen's coordinates clockwise, column by column as OpenGL wants it.
_TURNS = ((1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0))


class Program:
    """Draws one rectangle at a time. Owned by the main thread."""

    def __init__(self, vertex: str, fragment: str) -> None:
        self._name = link_program(vertex, fragment)
        self._places: dict[str, int] = {}

    def use(self) -> None:
        GL.glUseProgram(self._name)

    def set(self, uniform: str, *values: float) -> None:
        """Sets a float or a vector of up to four; the program must be in use."""
        place = self._place(uniform)
        (GL.glUniform1f, GL.glUniform2f, GL.glUniform3f, GL.glUniform4f)[len(values) - 1](place, *values)

    def set_unit(self, sampler: str, unit: int) -> None:
        """Says which texture unit a sampler reads."""
        GL.glUniform1i(self._place(sampler), unit)

    def draw(
        self, target: tuple[float, float, float, float], crop: tuple[float, float, float, float], quarter_turns: int
    ) -> None:
        """Covers `target` of the upright screen with `crop` of the texture; shares, from the top left."""
        self.set("target", *target)
        self.set("crop", *crop)
        matrix = (GL.GLfloat * 4)(*_TURNS[quarter_turns % 4])
        GL.glUniformMatrix2fv(self._place("turn"), 1, False, matrix)
        GL.glDrawArrays(GL.GL_TRIANGLE_STRIP, 0, 4)

    def close(self) -> None:
        GL.glDeleteProgram(self._name)

    def _place(self, uniform: str) -> int:
        if uniform not in self._places:
            self._places[uniform] = int(GL.glGetUniformLocation(self._name, uniform))
        return self._places[uniform]
