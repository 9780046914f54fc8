"""The services to vehicles: messages for the area of a roadside unit, surroundings of a vehicle."""
