export type RecordCode =
  /** No `crypto.subtle` on this address: nothing that is recorded could be proven. */
  | "insecure"
  /** The walkthrough was submitted; what was submitted does not change. */
  | "submitted"
  /** "Not applicable" was chosen without a reason in the note. */
  | "reason"
  /** The number lies outside what is possible: a slip of the finger. */
  | "range"
  /** "As the sensor says" was chosen where the sensor's value is not known. */
  | "no_reading"
  /** A note or text of more than 5000 characters. */
  | "too_long"
  /** Somebody else's change of this finding is unsent on this phone: it goes first, under that name. */
  | "other_person";

/** What was asked for cannot be recorded as it is. Nothing was changed. */
export class RecordError extends Error {
  constructor(readonly code: RecordCode) {
    super(code);
    this.name = "RecordError";
  }
}

export type CaptureCode =
  | "too_large"
  | "not_a_photo"
  | "no_space"
  | "insecure"
  | "unreadable"
  /** What was written could not be read back whole. The photo was not taken into the record: take it again. */
  | "not_kept";

/** The photo was not kept, and nothing of it is in the record. */
export class CaptureError extends Error {
  constructor(
    readonly code: CaptureCode,
    cause?: unknown,
  ) {
    super(code, { cause });
    this.name = "CaptureError";
  }
}
