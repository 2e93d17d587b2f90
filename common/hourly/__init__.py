"""Figures by the hour, kept up as things happen: no page counts a large table."""
