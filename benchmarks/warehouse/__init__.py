"""The warehouse beside a city's rows: load, bytes and answers."""
