"""The arithmetic of the reports: plain rows in, plain figures out. Pure.

Times are whole milliseconds since 1970 (UTC), as they are stored.
"""
