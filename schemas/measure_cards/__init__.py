"""Measures by topic, one card after the other; ``schemas.measures`` gathers them."""
