"""What interventions do in a place and what they cost: places, interventions, runs, and the tables they make."""
