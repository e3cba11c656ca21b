"""Questions over real study notes, and how well they are answered."""
