export const sync = {
  "where.phone": "On this phone only",
  "where.sending": "Sending",
  "where.server": "On server",
  "where.attention": "Needs attention",

  "sync.phone": "On this phone only ({count})",
  "sync.phone_short": "{count} on phone",
  "sync.phone_none": "On phone",
  "sync.sending": "Sending {current} of {total}",
  "sync.sending_short": "{current} of {total}",
  "sync.attention_count": "Needs attention ({count})",
  "sync.attention_short": "Attention",

  "sync.title": "What is on this phone",
  "sync.safe": "Safe to hand over this phone",
  "sync.safe_help": "Everything that was recorded here is on the server.",
  "sync.last": "Last exchange with the server: {time}",
  "sync.never": "This phone has not spoken with the server yet.",
  "sync.count": {
    one: "{count} thing is on this phone only",
    other: "{count} things are on this phone only",
  },
  "sync.sending_now": "Sending {current} of {total}…",
  "sync.refused_count": {
    one: "{count} thing needs your attention",
    other: "{count} things need your attention",
  },

  "sync.pause.offline":
    "No connection. Everything is kept here and goes by itself when the connection is back.",
  "sync.pause.signed-out": "Nobody is signed in. It goes when its author signs in on this phone.",
  "sync.pause.other-person":
    "It was recorded by somebody else. It goes when that person signs in on this phone, or as a file that a manager imports.",
  "sync.pause.insecure":
    "This address is not secure (http), so nothing can be sent from here. Open Fieldproof over https.",
  "sync.pause.server-error":
    "The server has a problem. Everything is kept here; the app keeps trying.",
  "sync.next": "Next try at {time}",
  "sync.waiting": "Waiting for its turn",
  "sync.why.offline": "Waits for a connection",
  "sync.why.signed-out": "Waits for {name} to sign in",
  "sync.why.other-person": "Waits for {name} to sign in",
  "sync.why.insecure": "Waits for a secure address",
  "sync.why.server-error": "Waits for the server",
  "sync.sign_in": "Sign in to send it",
  "sync.others": {
    one: "{name}: {count} thing, goes when {name} signs in here",
    other: "{name}: {count} things, go when {name} signs in here",
  },

  "sync.retry_all": "Try again now",
  "sync.retry_one": "Try this again",
  "sync.export": "Export as a file",
  "sync.export_busy": "Preparing the file…",
  "sync.export_help":
    "A ZIP with everything that is not on the server yet, photos included. A manager can import it. Nothing is removed from this phone.",
  "sync.export_failed": "The file could not be made. Nothing was lost; try again.",
  "sync.export_ready": "The file is ready: {size}",
  "sync.share": "Share",
  "sync.download": "Save to this phone",
  "sync.this_phone": "About this phone",

  "sync.row.inspection": "Start of the walkthrough",
  "sync.row.answer": "Answer: {question}",
  "sync.row.finding": "Finding: {text}",
  "sync.row.finding_untold": "Finding without words",
  "sync.row.link": "Where and when a photo was taken",
  "sync.row.photo": "Photo: {question}",
  "sync.row.photo_plain": "Photo",
  "sync.row.submit": "Finish of the walkthrough",
  "sync.no_walkthrough": "Outside a walkthrough",
  "sync.by": "by {name}",

  "problem.forbidden":
    "This account may not record this here. Ask a manager; it can also go as a file that a manager imports.",
  "problem.gone": "The server does not know what this belongs to.",
  "problem.conflict":
    "The server has something else under the same name. Both are kept; export the file and tell a manager.",
  "problem.stale": "It was changed on another device meanwhile. Open it here and save it again.",
  "problem.too-large": "The server takes no file of this size.",
  "problem.not-a-photo": "The server does not know this kind of picture.",
  "problem.photo-lost":
    "The server lost this photo after it had confirmed it, and this phone has given up its copy. Take it again if you can, and tell a manager: an older backup may have it.",
  "problem.refused": "The server does not accept it.",
  "problem.detail": "Server: {detail}",
} as const;
