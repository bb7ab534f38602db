import { MillraceError } from "../../engine/millrace-error.ts";

/** No access token has this id, or it has been gone for long. */
export class TokenNotFoundError extends MillraceError {
  readonly code = "TOKEN_NOT_FOUND";

  constructor(id: string) {
    super(`There is no token ${id.slice(0, 40)}. List them with: millrace token list`);
  }
}
