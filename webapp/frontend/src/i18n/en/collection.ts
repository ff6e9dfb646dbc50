export const collection = {
  "collection.title": "Data collection",
  "collection.running": "Running",
  "collection.received": {
    one: "{count} message received",
    other: "{count} messages received",
  },
  "collection.dead": {
    one: "{count} message could not be read",
    other: "{count} messages could not be read",
  },
  "collection.demo_broker": "Demo broker: messages are not kept through a restart",
  "collection.todo": "What to do:",
  "collection.waits": "What devices send waits at the message broker, as long as there is room.",

  "collection.silent": "Silent since {time}",
  "collection.silent_todo":
    "See that the collector’s computer is on and in the network, and start the collector there.",
  "collection.silent_before": "Before that it could not store: {why}.",

  "collection.trouble": "Cannot store what comes: {why}",
  "collection.trouble_since": "Since {time}.",
  "collection.why.disk_full": "its disk is full",
  "collection.why.read_only": "its disk cannot be written",
  "collection.why.corrupt": "its database is damaged",
  "collection.why.locked": "another program holds its database",
  "collection.why.unwritable": "its database cannot be written",
  "collection.todo.disk_full":
    "Free space on the disk of the collector’s computer. Never delete a file of collector.db.",
  "collection.todo.read_only":
    "Make that disk writable again; the log of the computer says why it is not.",
  "collection.todo.corrupt":
    "It sets the damaged file aside and goes on with a new one. Keep the file, and have the disk checked.",
  "collection.todo.locked": "Find the other program on the collector’s computer, and end it.",
  "collection.todo.unwritable":
    "On the collector’s computer, check the disk and the rights to its data folder.",

  "collection.disconnected": "No connection to the message broker {broker}",
  "collection.disconnected_note":
    "What devices send does not arrive. As long as the broker runs it keeps that, if there is room.",
  "collection.disconnected_todo":
    "See that the broker runs and can be reached. If it refuses the collector, the collector’s log says why.",
  "collection.not_connected": "Running, but without its connection to the message broker",

  "collection.behind": "Not yet passed on to {where}: the oldest has waited {span}",
  "collection.behind_note": "Nothing is lost: it waits in the collector.",
  "collection.behind_moving": "Nothing is lost: it waits in the collector and is being passed on.",
  "collection.behind_todo.influx": "See that InfluxDB runs and takes what it is sent.",
  "collection.behind_todo.site": "See that the database of this site runs and can be reached.",
  "collection.where.influx": "the long-term store (InfluxDB)",
  "collection.where.site": "the database of this site",
  "collection.parked": {
    one: "{count} value was refused by {where} and is offered again later",
    other: "{count} values were refused by {where} and are offered again later",
  },
  "collection.said": "It says: {words}",

  "collection.event.possible_loss": "Messages may be missing from {from} to {until}",
  "collection.event.storage_trouble":
    "Nothing could be stored from {from} to {until}: {why}. What came meanwhile waited at the broker.",
  "collection.event.database_set_aside":
    "Its database was found damaged and set aside at {until}. It goes on with a new one and copies what can be read. Keep the old file.",
} as const;
