/** A refusal over HTTP: status, a stable code and a generic English text. docs/protocol.md lists the codes. */
export const HTTP_REFUSALS = {
  'bad-request': { status: 400, message: 'The request does not fit the protocol' },
  'session-refused': { status: 401, message: 'No such session' },
  clock: { status: 401, message: 'The time of the request is too far from ours' },
  'unknown-device': { status: 401, message: 'No such device' },
  'bad-signature': { status: 401, message: 'The signature is not by this device' },
  replayed: { status: 401, message: 'The nonce was used before' },
  'origin-refused': { status: 403, message: 'Not from this origin' },
  'not-found': { status: 404, message: 'Nothing here' },
  'blob-differs': { status: 409, message: 'Other bytes lie under this id' },
  'too-large': { status: 413, message: 'The request is too large' },
  'too-fast': { status: 429, message: 'Too many requests, try again later' },
  'internal-error': { status: 500, message: 'Trouble on our side' },
  unavailable: { status: 503, message: 'Not available now, try again later' },
  'storage-full': { status: 507, message: 'No room now, try again later' },
} as const;

export type HttpRefusalCode = keyof typeof HTTP_REFUSALS;

/** Thrown by a route; the server's error handler answers it. */
export class HttpRefusal extends Error {
  readonly code: HttpRefusalCode;
  constructor(code: HttpRefusalCode) {
    super(HTTP_REFUSALS[code].message);
    this.name = 'HttpRefusal';
    this.code = code;
  }
}
