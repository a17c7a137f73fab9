"""How each table is made: thin Dagster glue around pure functions."""
