"""Estimation of one track: Kalman update, existence, class, size and heading, lifecycle."""
