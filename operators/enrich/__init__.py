"""Join what third parties say; never changes the estimate."""
