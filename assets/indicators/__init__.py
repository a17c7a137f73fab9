"""Indicators: one module per topic, one card and one function per indicator."""
