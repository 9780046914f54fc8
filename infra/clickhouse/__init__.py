"""The warehouse: its tables and views."""
