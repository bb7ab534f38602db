/** Why a message cannot be carried out, now or later: the reason that its dead letter gives. */
export class RefusedMessage extends Error {
  override readonly name = "RefusedMessage";
}
