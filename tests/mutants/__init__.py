"""Planted bugs: each is put into a copy of the tree, and some test must notice."""
