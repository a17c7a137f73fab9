"""Models of what interventions do to health and cost, on one interface; see each module."""
