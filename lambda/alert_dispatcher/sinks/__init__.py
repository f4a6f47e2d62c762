"""One module a sink: a pure `render`, and a thin `send` around it."""
