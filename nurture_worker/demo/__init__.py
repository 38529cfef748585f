"""A house with three months of made-up readers in it, to look around in before there are any."""
