export const app = {
  "app.name": "Fieldproof",
  "app.tagline":
    "Live readings and alarms, tied to the environmental aspects they are evidence for.",
  "app.skip": "Skip to content",
  "app.unknown_page": "There is no such page",
  "app.unknown_page_help": "The address may be mistyped, or the page has moved.",
  "app.go_today": "Go to Today",
  "app.close": "Close",
  "app.retry": "Try again",
  "app.loading": "Loading…",
  "app.more": "Show more",
  "app.part_failed": "This part of the app could not be loaded",
  "app.part_failed_help": "Connect once, and it stays on this phone.",

  "nav.main": "Main",
  "nav.today": "Today",
  "nav.live": "Live",
  "nav.alarms": "Alarms",
  "nav.walkthroughs": "Walkthroughs",
  "nav.aspects": "Aspects",
  "nav.devices": "Devices",
  "nav.alarms_open": { one: "{count} open alarm", other: "{count} open alarms" },

  "conn.connecting": "Connecting…",
  "conn.live": "Live",
  "conn.polling": "Every 10 s",
  "conn.failing": "Server error since {time}",
  "conn.offline": "Offline since {time}",
  "conn.offline_short": "Offline",
  "conn.failing_short": "Server error",
  "conn.live_help": "Values arrive as they are measured.",
  "conn.polling_help": "The live stream is not available, so values are fetched every 10 seconds.",

  "offline.title": "No connection",
  "offline.values_from":
    "You see the last known values, from {time}. They update by themselves when the connection is back.",
  "offline.nothing":
    "Nothing was kept on this device yet. Connect once, and the last values stay readable offline.",

  "offline.walks":
    "Walkthroughs work without one: everything is kept on this phone until it is back.",
  "failing.title": "The server has a problem",
  "failing.help":
    "Fieldproof answers, but with an error. You see the last known values, from {time}. The app keeps trying.",

  "load.server_help":
    "Fieldproof answers, but with an error. Try again in a moment; if it stays, tell whoever runs the server.",
} as const;
