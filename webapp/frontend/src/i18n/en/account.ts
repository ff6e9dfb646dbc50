export const account = {
  "account.open": "Account and settings",
  "account.title": "Account",
  "account.site": "Site",
  "account.theme": "Appearance",
  "account.sign_out": "Sign out",
  "account.sign_out_failed":
    "Could not sign out: the server cannot be reached. Try again when you are connected.",
  "account.app": "This app",
  "account.unsent": {
    one: "{count} thing that you recorded is not on the server yet. It stays on this phone when you sign out, and goes when you sign in here again.",
    other:
      "{count} things that you recorded are not on the server yet. They stay on this phone when you sign out, and go when you sign in here again.",
  },
  "account.send_first": "Send first",
  "account.sign_out_anyway": "Sign out all the same",

  "role.inspector": "Inspector",
  "role.manager": "Manager",
  "role.admin": "Administrator",
  "role.auditor": "Auditor, reads only",

  "theme.auto": "Automatic",
  "theme.light": "Light",
  "theme.dark": "Dark",

  "pwa.ready":
    "Ready for offline use: the app opens without a network and shows the last known values.",
  "pwa.preparing": "Preparing for offline use…",
  "pwa.insecure":
    "Online only, because this address is not secure (http). Open Fieldproof over https and it can be installed and opened without a network.",
  "pwa.unsupported":
    "Online only, because this browser does not let web apps keep themselves for offline use. A private window does that too.",
  "pwa.failed":
    "Online only, because the offline part could not be installed. Reload the page to try again.",
  "pwa.insecure_notice": "Online only: this address is not secure (http).",
  "pwa.insecure_more": "Why?",
  "pwa.dismiss": "Dismiss",
  "pwa.update": "A new version is ready.",
  "pwa.update_now": "Update",

  "signin.title": "Sign in",
  "signin.username": "User name",
  "signin.password": "Password",
  "signin.show_password": "Show password",
  "signin.hide_password": "Hide password",
  "signin.submit": "Sign in",
  "signin.busy": "Signing in…",
  "signin.wrong": "User name or password is wrong. Check both and try again.",
  "signin.unreachable": "The server cannot be reached. Check your connection, then try again.",
  "signin.too_many": "Too many attempts. Wait a few minutes, then try again.",
  "signin.failed": "Signing in failed: {detail}",
  "signin.expired": "Your session has ended. Sign in to carry on where you were.",
  "signin.carry_on": "Carry on with a walkthrough on this phone",
  "signin.carry_on_help":
    "Without signing in, and without a network. It is sent when its author signs in.",
  "paused.title": "Not signed in.",
  "paused.help": "You carry on as {name}. Everything stays on this phone until you sign in.",
  "paused.sign_in": "Sign in",
  "signin.missing": "Enter your user name and your password.",
  "signin.no_site":
    "No site to show yet. An administrator adds one with “fieldproof sites add”, or gives this account one.",
} as const;
