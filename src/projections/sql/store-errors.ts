import { MillraceError } from "../../engine/millrace-error.ts";

/** The database of a projection did not answer, or the file cannot be opened. The cause is kept. Runs go on without it. */
export class DatabaseUnreachableError extends MillraceError {
  readonly code = "DATABASE_UNREACHABLE";

  constructor(database: string, reason: string, options?: { cause?: unknown }) {
    super(
      `The database ${database} cannot be reached: ${reason}. Check its address and that it runs; runs go on meanwhile.`,
      options,
    );
  }
}

/** What is at the address is no database of a projection, and is left as it is. */
export class ForeignDatabaseError extends MillraceError {
  readonly code = "FOREIGN_DATABASE";

  constructor(database: string, what: string, options?: { cause?: unknown }) {
    super(
      `${database} ${what}. Nothing was changed. Name another file or schema, or remove this one if nobody needs it.`,
      options,
    );
  }
}

/** A later version of Millrace made the database. */
export class NewerSchemaError extends MillraceError {
  readonly code = "NEWER_SCHEMA";

  constructor(database: string, found: number, known: number) {
    super(
      `The database ${database} has schema ${found}, and this version of Millrace knows ${known}. ` +
        "Use the version that made it, or another file or schema: everything in it can be rebuilt.",
    );
  }
}

/** The live view was folded by another version of the projection. */
export class ViewOutdatedError extends MillraceError {
  readonly code = "VIEW_OUTDATED";
  /** The version that has made the view. */
  readonly found: string;

  constructor(found: string, wanted: string) {
    super(
      `The live view was made by version ${found} of the projection, and this is version ${wanted}. ` +
        "Run millrace projection rebuild; until it switches over, the view is as old as it is.",
    );
    this.found = found;
  }
}

/** The view that was being written is there no more: another one has taken its place. Open it again. */
export class ViewGoneError extends MillraceError {
  readonly code = "VIEW_GONE";

  constructor() {
    super("This view was replaced by a rebuilt one. Open the live view and go on from there.");
  }
}

/** A view does not hold what was told about it: somebody changed it by hand, or the disk has lost something. */
export class ViewDamagedError extends MillraceError {
  readonly code = "VIEW_DAMAGED";

  constructor(what: string) {
    super(`The view is damaged: ${what}. Nothing was stored. Run millrace projection rebuild.`);
  }
}

/** A page was asked for after something that no page of this order has given. */
export class InvalidCursorError extends MillraceError {
  readonly code = "INVALID_CURSOR";

  constructor(reason: string) {
    super(`This cursor is of no use here: ${reason}. Take next of a page with the same order.`);
  }
}
