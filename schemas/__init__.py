"""What each table promises: pandera models, measures, areas, source and indicator cards.

This package imports nothing of ours, so that every other room may rely on it.
"""
