"""The compressed twin of a built file: ``index.html.gz`` beside ``index.html``."""

import gzip
from pathlib import Path

SUFFIXES = frozenset({".html", ".css", ".js", ".json", ".svg", ".txt", ".xml"})
SMALLEST = 1024
"""Bytes below which a file fits one packet, compressed or not."""


def twin(path: Path) -> Path:
    return path.with_name(path.name + ".gz")


def pack(path: Path, content: bytes) -> None:
    """Write the twin of ``path``, which holds ``content``, where it pays."""
    if path.suffix in SUFFIXES and len(content) >= SMALLEST:
        twin(path).write_bytes(gzip.compress(content, compresslevel=5, mtime=0))
