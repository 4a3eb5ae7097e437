/**
 * What the bytes of a mail can be wrong in. Never repaired: whatever two readers could understand differently goes to
 * quarantine with one of two reasons, and the message of the error is for the log of a developer, not for people.
 */
export class MailMalformed extends Error {
  readonly reason: 'mail-malformed' | 'too-complex';

  constructor(message: string, reason: 'mail-malformed' | 'too-complex' = 'mail-malformed') {
    super(message);
    this.reason = reason;
  }
}
