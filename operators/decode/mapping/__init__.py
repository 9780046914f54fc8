"""Home-made feeds by declaration: one TOML a feed instead of one module a format."""
