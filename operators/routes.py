"""Where outputs of a step go: to another step, or out as a record of a topic."""

# Steps.
CELL = "cell"  # and intersections
IDENTITY = "identity"
PUBLISH = "publish"
FEATURE = "feature"  # broadcast to publish, and to the event step
SCENE = "scene"
SEGMENT = "segment"
APPROACH = "approach"
WATCH = "watch"  # the event step
JOIN = "join"  # events of several cells to one

# Topics that the station writes.
OBJECTS = "fused.objects"
LINKS = "fused.links"
EVENTS = "track.events"
CONTEXT = "context.features"
RECORDS = "ledger.records"
OBSERVATIONS = "ledger.observations"
QUALITY = "source.quality"
DEAD = "dead.letters"
SIGNALS = "signals.state"
NETWORK = "station.network"
_ROAD = (SIGNALS, NETWORK)
TOPICS = (OBJECTS, LINKS, EVENTS, CONTEXT, *_ROAD, RECORDS, OBSERVATIONS, QUALITY, DEAD)

# Topics that the segment job writes, from those above (`jobs.segments`).
ROAD_EVENTS = "road.events"
SEGMENT_STATES = "segments.state"
APPROACH_STATES = "approaches.state"
SEGMENT_TOPICS = (ROAD_EVENTS, SEGMENT_STATES, APPROACH_STATES)

# Topics of the services to vehicles, which another process writes (`jobs.services`).
RSM = "service.rsm"
SDSM = "service.sdsm"
CPM = "service.cpm"
VEHICLE = "service.vehicle"
SUBSCRIPTIONS = "service.subscriptions"

# Topics that it reads.
SOURCES = "station.sources"
RAW = ("raw.roadside", "raw.probe", "raw.signal", "raw.context")
