"""The services under load: streaming clients and requests, and messages for areas and vehicles."""
