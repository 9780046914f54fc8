"""Events on the road: what the pictures of a cell show happening, opened, updated and closed."""
