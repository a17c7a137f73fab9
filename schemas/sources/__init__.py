"""Raw layouts: how each publisher's file looks before anything is changed."""
