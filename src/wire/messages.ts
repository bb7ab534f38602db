import "./numbers-for-64-bits.ts";
import { millrace } from "./generated/millrace.js";

/** The generated protobuf classes of `proto/millrace/v1`. */
export const messages = millrace.v1;

/** The version that every stored message carries. */
export const FORMAT = 1;
