"""The diagnosis of the site: from counted views to what should be changed. Pure throughout."""
