/**
 * Header protection of a letter that leaves (RFC 9788): the header fields stand inside, signed and encrypted, with
 * `hp="cipher"` on the payload's Content-Type (§2.1), and HP-Outer repeats what stands outside (§2.2), so that a
 * receiver can tell what was hidden and what was changed on the way. Of a letter that is signed only, `hp="clear"`: the
 * same fields inside, and nothing is hidden. The MIME structure stays as it is: a reader that
 * knows nothing of this sees the same text part. The danger is a line smuggled into either place, so every field is
 * checked to be exactly one field.
 */

/** One header field: a name, a colon, printable text, folded lines beginning with white space and saying something. */
const FIELD = /^[\x21-\x39\x3b-\x7e]+:(?:[\t\x20-\x7e\u00a0-\uffff]|\r\n[\t ]+(?=[^\t\r\n ]))*$/;
/** The longest line (RFC 5322 §2.1.1), with room for the name of a record in front. */
const LINE_MAX = 988;

/** Throws `RangeError` unless each line is one header field (RFC 5322 §2.2) with nothing smuggled into it. */
export function refuseBrokenFields(fields: readonly string[]): void {
  for (const field of fields) {
    const isShort = field.length <= LINE_MAX || field.split('\r\n').every((line) => line.length <= LINE_MAX);
    if (!isShort || !FIELD.test(field)) throw new RangeError('a header field with a line break, a NUL or no name');
  }
}

const CONTENT_TYPE = /^content-type:/i;
const STRUCTURAL = /^(?:content-[^:]*|mime-version):/i;
const BLANK_LINE = Buffer.from('\r\n\r\n');

/**
 * The payload to sign: `entity` with the protected fields and the record of those outside; `outside` null when nothing
 * will be encrypted (§2.1.1: no HP-Outer then). Both are fields without structural ones (Content-*, MIME-Version), which
 * describe the entity and stay with it (RFC 9788, terms).
 */
export function protectHeaders(entity: Buffer, inside: readonly string[], outside: readonly string[] | null): Buffer {
  const blank = entity.indexOf(BLANK_LINE);
  if (blank < 0) throw new RangeError('an entity without a header');
  if (inside.some((field) => STRUCTURAL.test(field)))
    throw new RangeError('a structural header field is not protected');
  const own = entity.toString('latin1', 0, blank).split(/\r\n(?![ \t])/);
  const typeAt = own.findIndex((field) => CONTENT_TYPE.test(field));
  if (typeAt < 0) throw new RangeError('an entity without Content-Type');
  own[typeAt] = `${own[typeAt]}; hp="${outside === null ? 'clear' : 'cipher'}"`;
  const records = (outside ?? []).filter((field) => !STRUCTURAL.test(field)).map((field) => `HP-Outer: ${field}`);
  return Buffer.concat([Buffer.from([...inside, ...records, ...own].join('\r\n'), 'utf8'), entity.subarray(blank)]);
}
