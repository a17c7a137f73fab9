"""What funders see: a static site made from the published DuckDB file, which it reads and never computes upon."""
