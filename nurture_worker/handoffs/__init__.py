"""Readers given to sales: whom, when, and how sales learn of it."""
