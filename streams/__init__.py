"""The outermost room: bytes in, bytes out, and the command line that puts all rooms together."""
