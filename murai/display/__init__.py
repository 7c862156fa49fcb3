"""The screen: a window or an offscreen framebuffer, the renderer, the text over it, and the recorder.

All of OpenGL runs on the main thread. Importing this package loads neither OpenGL nor glfw; the modules
`renderer`, `window` and `offscreen` do. Start with `murai.display.opening.open_canvas`.
"""
