import { signal } from "@preact/signals";
import { readPref, writePref } from "../db/prefs";

export interface Fix {
  lat: number;
  lon: number;
  accuracy: number;
  at: number;
}

/** `ask` until the person was asked here; whatever they say, nothing ever waits for a position. */
export type PositionState = "off" | "ask" | "waiting" | "known" | "denied" | "unavailable";

/** Older than this it may be another place. */
const FRESH_MS = 120_000;
const PREF = "position";

export const fix = signal<Fix | null>(null);
export const positionState = signal<PositionState>("off");

let watch: number | null = null;
let users = 0;

const supported = (): boolean => globalThis.isSecureContext && "geolocation" in navigator;

function take(found: GeolocationPosition): void {
  const { latitude: lat, longitude: lon, accuracy } = found.coords;
  fix.value = { lat, lon, accuracy, at: found.timestamp };
  positionState.value = "known";
}

function refuse(error: GeolocationPositionError): void {
  if (error.code === error.PERMISSION_DENIED) {
    positionState.value = "denied";
    stop();
  } else if (fix.peek() === null) {
    positionState.value = "unavailable";
  }
}

function start(): void {
  if (watch !== null) return;
  if (fix.peek() === null) positionState.value = "waiting";
  watch = navigator.geolocation.watchPosition(take, refuse, {
    enableHighAccuracy: true,
    maximumAge: 10_000,
    timeout: 60_000,
  });
}

function stop(): void {
  if (watch !== null) navigator.geolocation.clearWatch(watch);
  watch = null;
}

async function alreadyAllowed(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: "geolocation" })).state === "granted";
  } catch {
    return readPref(PREF) === "yes";
  }
}

async function begin(): Promise<void> {
  if (!supported()) {
    positionState.value = "unavailable";
    return;
  }
  const answer = readPref(PREF);
  if (answer === "no") return;
  if (answer === "yes" || (await alreadyAllowed())) {
    if (users > 0) start();
  } else {
    positionState.value = "ask";
  }
}

/** While a walkthrough is open; the function it returns ends it, and with it the use of the battery. */
export function followPosition(): () => void {
  users += 1;
  if (users === 1) void begin();
  return () => {
    users -= 1;
    if (users === 0) stop();
  };
}

/** The person's answer to our own question; only "yes" makes the browser ask its one. */
export function allowPosition(yes: boolean): void {
  writePref(PREF, yes ? "yes" : "no");
  if (yes) start();
  else positionState.value = "off";
}

/** For a photo taken now. */
export function currentFix(now: number = Date.now()): Fix | null {
  const known = fix.peek();
  return known && now - known.at <= FRESH_MS ? known : null;
}
