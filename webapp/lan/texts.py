"""Every word of the trust page, in one place. `**…**` marks what stands on the phone's own screen."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

TEXTS = {
    "title": "Connect this device to Fieldproof",
    "heading": "Get this device ready for walkthroughs",
    "lead": "A browser lets an app work offline, take photos and know the place only over a connection that it trusts.",
    "why": (
        "This Fieldproof runs on a computer of your own network, so no public authority can vouch for it. "
        "It has an authority of its own instead. You install that here, once, in about two minutes."
    ),
    "check.checking": "Checking this device …",
    "check.trusted": "This device trusts Fieldproof",
    "check.trusted.detail": "Everything works, offline too. You will not need this page again.",
    "check.open": "Open Fieldproof",
    "check.untrusted": "Not trusted yet",
    "check.untrusted.detail": "Follow the steps for your device, then come back here.",
    "check.again": "Check again",
    "check.blocked": (
        "All steps done and still here? Then something between this device and the computer may block port {port}: "
        "the computer's firewall, or a guest network. Ask whoever runs Fieldproof."
    ),
    "check.noscript": "When you have done the steps, open Fieldproof: if no warning appears, this device trusts it.",
    "steps": "Steps for your device",
    "steps.yours": "This device",
    "get.profile": "Download the profile",
    "get.certificate": "Download the certificate",
    "ios": "iPhone and iPad",
    "ios.1": "Do this in **Safari**. Tap the button, then **Allow**. iOS says that a profile was downloaded.",
    "ios.2": (
        "Open the **Settings** app and tap **Profile Downloaded** at the top, then **Install** at the upper right, "
        "and **Install** again. It says “Not Verified”: that is right, nobody outside your network knows it."
    ),
    "ios.2.title": "Settings",
    "ios.2.a": "Profile Downloaded",
    "ios.2.b": "Airplane Mode",
    "ios.2.c": "Wi-Fi",
    "ios.3": (
        "Still in **Settings**: **General**, then **About**, then **Certificate Trust Settings** at the very end. "
        "Switch on **{ca}** and tap **Continue**. Without this step nothing changes."
    ),
    "ios.3.title": "Certificate Trust Settings",
    "ios.3.a": "ENABLE FULL TRUST FOR ROOT CERTIFICATES",
    "ios.3.b": "Fieldproof CA",
    "ios.4": "Come back to this page. At its top it says that this device trusts Fieldproof.",
    "android": "Android",
    "android.1": "Tap the button. The file **fieldproof-ca.crt** goes to your downloads; do not open it there.",
    "android.2": (
        "Open the **Settings** app and search for **CA certificate**. By hand: **Security & privacy**, **More security "
        "settings**, **Encryption & credentials**, **Install a certificate**. On Samsung: **Security and privacy**, "
        "**Other security settings**, **Install from phone storage**."
    ),
    "android.2.title": "Install a certificate",
    "android.2.a": "CA certificate",
    "android.2.b": "VPN & app user certificate",
    "android.2.c": "Wi-Fi certificate",
    "android.3": (
        "Tap **CA certificate**, then **Install anyway**, and choose **fieldproof-ca.crt**. Android warns of every "
        "authority in the same words; this one can only vouch for addresses inside a network. "
        "A phone without a screen lock asks you to set one."
    ),
    "android.3.title": "Your data won’t be private",
    "android.3.a": "Don’t install",
    "android.3.b": "Install anyway",
    "android.4": (
        "Come back to this page with **Chrome**, Edge or Samsung Internet. Firefox for Android does not look at "
        "certificates that you install."
    ),
    "windows": "Windows",
    "windows.1": "Download the certificate and open the file, then **Install Certificate…** and **Current User**.",
    "windows.2": (
        "Choose **Place all certificates in the following store**, **Browse**, "
        "**Trusted Root Certification Authorities**, **OK**. Then **Next**, **Finish**, and **Yes**."
    ),
    "windows.2.title": "Select Certificate Store",
    "windows.2.a": "Personal",
    "windows.2.b": "Trusted Root Certification Authorities",
    "windows.2.c": "Enterprise Trust",
    "windows.3": "Close all windows of the browser and come back to this page. Chrome, Edge and Firefox use this list.",
    "mac": "Mac",
    "mac.1": "Download the certificate and open the file. **Keychain Access** adds it to the keychain **login**.",
    "mac.2": (
        "Find **{ca}** in the list and open it with a double click. Open **Trust**, set **When using this "
        "certificate** to **Always Trust**, close the window and give your password."
    ),
    "mac.2.title": "Fieldproof CA",
    "mac.2.a": "Trust",
    "mac.2.b": "When using this certificate:",
    "mac.2.c": "Always Trust",
    "mac.3": "Close the browser and come back to this page. Safari, Chrome and Firefox use this list.",
    "linux": "Linux",
    "linux.1": "Download the certificate.",
    "linux.2": (
        "**Chrome, Chromium:** open **chrome://certificate-manager**, then **Local certificates**, **Custom**, "
        "**Trusted certificates**, **Import**. Older ones: Settings, Privacy and security, Security, "
        "Manage certificates, **Authorities**, **Import**."
    ),
    "linux.2.title": "Certificate Manager",
    "linux.2.a": "Your certificates",
    "linux.2.b": "Trusted certificates",
    "linux.2.import": "Import",
    "linux.3": (
        "**Firefox:** Settings, **Privacy & Security**, **View Certificates…**, **Authorities**, **Import…**; "
        "then tick **Trust this CA to identify websites**."
    ),
    "linux.3.title": "Downloading Certificate",
    "linux.3.a": "Trust this CA to identify websites",
    "linux.3.b": "Trust this CA to identify email users",
    "linux.4": "Load this page again.",
    "fingerprint": "Is it the right certificate?",
    "fingerprint.text": (
        "This page came over a connection that is not protected yet. Before you switch on trust, compare what "
        "**your device** shows as the SHA-256 fingerprint of **{ca}** with what stands in the terminal where "
        "Fieldproof was started, or ask for it. It must be this:"
    ),
    "fingerprint.where": (
        "iPhone: Profile Downloaded, More Details, the certificate. Android: in Settings search for “User credentials” "
        "or “Trusted credentials”, User. Windows, Mac: in the certificate’s details."
    ),
    "about": "What you install, and how to remove it",
    "about.can": (
        "The authority can vouch for addresses inside a network, for names that end in .local, and for the names "
        "that were given when it was made. It cannot vouch for your bank or any other site of the internet: that is "
        "written into the certificate, and current browsers keep to it."
    ),
    "about.key": "Its key never leaves the computer that Fieldproof runs on. It ends on {until}.",
    "about.remove": (
        "To remove it: iPhone: Settings, General, VPN & Device Management, the profile, Remove. Android: Settings, "
        "Trusted credentials, User, the certificate, Remove. Windows: certmgr.msc. Mac: Keychain Access."
    ),
    "profile.description": (
        "Lets this device trust the Fieldproof of your plant. It can vouch for addresses inside a network, not for "
        "sites of the internet. After this, switch it on under General, About, Certificate Trust Settings."
    ),
}


def t(key: str, **values: object) -> str:
    return TEXTS[key].format(**values)


def marked(text: str) -> Markup:
    """The text as HTML, with what stands on the device's screen in bold."""
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", str(escape(text))))  # noqa: S704 - escaped just before
