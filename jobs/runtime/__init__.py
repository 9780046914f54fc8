"""What runs the pure steps in Flink."""
