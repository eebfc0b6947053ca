/** Thrown by a token provider when there is nobody to log in as: the client stops instead of trying again. */
export class UnauthorizedError extends Error {
  override name = 'UnauthorizedError';
}

/** The server said no to a request. */
export class RefusedError extends Error {
  override name = 'RefusedError';

  constructor(
    /** As in the protocol's `error` frame: `forbidden_room`, `unknown_room`, `too_many_rooms`, `forbidden` … */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** There is no connection that could carry a request, or it went away, or took too long, before the answer came. */
export class NotConnectedError extends Error {
  override name = 'NotConnectedError';
}
