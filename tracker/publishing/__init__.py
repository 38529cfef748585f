"""From the catalogue to the static site: Markdown blocks, MkDocs plugin, build, beacon."""
