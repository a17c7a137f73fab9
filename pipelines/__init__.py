"""What runs, when, and where it lands: settings, jobs, publication and the command line."""
