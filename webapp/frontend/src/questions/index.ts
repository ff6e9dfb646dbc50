import type { ItemType } from "../work/types";
import { check } from "./check";
import { choice } from "./choice";
import { number } from "./number";
import { photo } from "./photo";
import { reading } from "./reading";
import { text } from "./text";
import type { QuestionType } from "./type";

/** A new answer type is a file here and its line below; the server has a file of the same name. */
export const QUESTIONS: Record<ItemType, QuestionType> = {
  check,
  choice,
  number,
  text,
  photo,
  reading,
};
