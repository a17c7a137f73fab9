"""Cost-effectiveness: comparison of strategies, uncertainty, budgets; see each module."""
