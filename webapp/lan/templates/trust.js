// Can this device reach the app over HTTPS? Only if it trusts the certificate: a browser gives no other answer to a page.
const card = document.getElementById("check");
const blocked = document.getElementById("blocked");
let tries = 0;

async function check() {
  card.dataset.state = "checking";
  const started = performance.now();
  let state = "trusted";
  try {
    await fetch(`${card.dataset.app}/healthz`, {
      mode: "no-cors",
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(8000),
    });
  } catch {
    state = "untrusted";
  }
  // Long enough to see that something happened.
  await new Promise((done) => setTimeout(done, Math.max(0, 400 - (performance.now() - started))));
  card.dataset.state = state;
}

document.getElementById("again").addEventListener("click", () => {
  tries += 1;
  blocked.hidden = tries < 2;
  check();
});
// People come back from the settings.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && card.dataset.state === "untrusted") check();
});
// An iPad asks for desktop pages as a Mac would; no Mac has a touch screen.
if (navigator.maxTouchPoints > 1 && /Macintosh/.test(navigator.userAgent)) document.getElementById("ios").open = true;
check();
