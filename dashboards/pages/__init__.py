"""One module per page: each selects, sorts and words what the published tables already hold."""
