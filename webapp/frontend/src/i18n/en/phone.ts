export const phone = {
  "phone.title": "This phone",
  "phone.intro": "What keeps your walkthroughs safe until they are on the server.",
  "phone.good": "Good",
  "phone.mind": "Mind this",
  "phone.bad": "Act on this",
  "phone.checking": "Looking…",

  "phone.secure": "Secure address",
  "phone.secure_yes": "Yes: {origin}. Walkthroughs and photos can be recorded.",
  "phone.secure_no":
    "Online only, because {origin} is not secure (http). Browsers then keep nothing and prove nothing.",
  "phone.secure_fix":
    "Whoever runs the server starts “fieldproof up --lan” and opens the https address that it shows, or puts Fieldproof behind https.",

  "phone.worker": "Opens without a network",
  "phone.worker_yes": "Yes: the app is kept on this phone.",
  "phone.worker_no": "Not yet: the app is only in the browser's memory.",
  "phone.worker_fix": "Stay on this page with a connection for a moment, then reload it.",

  "phone.installed": "On the Home Screen",
  "phone.installed_yes": "Installed: the browser does not tidy its data away.",
  "phone.installed_no":
    "Not installed. iPhones delete what a web page keeps after seven days without a visit, unless it is on the Home Screen.",
  "phone.installed_fix": "Add Fieldproof to the Home Screen, as drawn on this page.",

  "phone.persisted": "Storage is protected",
  "phone.persisted_yes": "Yes: the browser promised not to delete it when space runs short.",
  "phone.persisted_no":
    "Not promised: when the phone runs out of space, the browser may delete it.",
  "phone.persist": "Ask the browser to protect it",
  "phone.persist_refused":
    "The browser said no. Most say yes once the app is on the Home Screen or is used often.",

  "phone.space": "Space",
  "phone.space_known": "{usage} used of {quota} that the browser allows.",
  "phone.space_unknown": "The browser does not say.",
  "phone.space_low": "Nearly full: send what waits, and free space on the phone.",

  "phone.sync": "Last exchange with the server",
  "phone.sync_never": "None yet.",
  "phone.waiting": {
    one: "{count} thing is on this phone only.",
    other: "{count} things are on this phone only.",
  },
  "phone.nothing_waits": "Everything is on the server.",

  "phone.photos": "Photos kept here",
  "phone.photos_none": "None. Photos leave the phone once the server has proven them.",
  "phone.photos_some": {
    one: "{count} photo, {size}. It leaves once the server has proven it and the walkthrough is complete.",
    other:
      "{count} photos, {size}. They leave once the server has proven them and their walkthrough is complete.",
  },

  "phone.install": "Add it to the Home Screen",
  "phone.install_now": "Install",
  "phone.ios": "iPhone and iPad (Safari)",
  "phone.ios_1": "Tap Share, the square with the arrow, at the edge of the screen.",
  "phone.ios_2": "Scroll down and tap “Add to Home Screen”.",
  "phone.ios_3": "Tap Add, and from now on open Fieldproof from its icon.",
  "phone.android": "Android (Chrome)",
  "phone.android_1": "Tap the three dots at the top right.",
  "phone.android_2": "Tap “Add to Home screen” or “Install app”.",
  "phone.android_3": "Tap Install, and open Fieldproof from its icon.",
  "phone.move":
    "What was recorded in the browser may stay there: send it before you switch to the icon.",
} as const;
