"""Editors' files as frozen, validated values: one reader for the site, the tracker and the worker."""

from tracker.catalogue.catalogue import Catalogue, CatalogueUnreadableError

__all__ = ["Catalogue", "CatalogueUnreadableError"]
