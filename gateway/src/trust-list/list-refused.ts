/**
 * Why a trust list was not taken: one code and one sentence for the operator each. What bytes contain is always this
 * and never another error, so that a hostile list costs nothing but its own refusal.
 */

export const LIST_REFUSALS = {
  'list-unreachable': 'The trust list could not be fetched.',
  'list-too-large': 'The trust list is larger than any trust list may be.',
  'list-too-complex': 'The trust list took too long or too much memory to read.',
  'list-malformed': 'The trust list is not the XML a trust list is.',
  'list-cut-off': 'The trust list ends in the middle: it was cut off, or edited by hand.',
  'list-unsigned': 'The trust list carries no signature.',
  'list-signature-form': 'The signature of the trust list is not built as the specification fixes it.',
  'list-signature-wrong': 'The signature of the trust list is wrong: it was changed after it was signed.',
  'list-signer-unknown': 'The trust list was signed by nobody the configured authorities vouch for.',
  'list-signer-name': 'The trust list was signed by somebody else than the configured signer.',
  'list-signer-expired': 'The certificate of the signer of the trust list was not valid at that time.',
  'list-from-future': 'The trust list is dated in the future.',
  'list-older': 'The trust list is older than the one accepted last.',
  'list-same-date': 'The trust list has the date of the one accepted last, and other content.',
  'list-shrunk': 'The trust list lost more domains at once than the configured share allows.',
  'list-empty': 'The trust list gives no domain at all.',
} as const;

export type ListRefusal = keyof typeof LIST_REFUSALS;

/** A list that is not taken; `detail` says where or which, in the operator's words, never more than a line. */
export class ListRefused extends Error {
  readonly code: ListRefusal;
  readonly detail: string | null;
  constructor(code: ListRefusal, detail: string | null = null, cause?: unknown) {
    super(refusalSentence({ code, detail }), { cause });
    this.name = 'ListRefused';
    this.code = code;
    this.detail = detail;
  }
}

/** The sentence for people: what is wrong, then where. */
export function refusalSentence({ code, detail }: { code: ListRefusal; detail: string | null }): string {
  return detail === null ? LIST_REFUSALS[code] : `${LIST_REFUSALS[code]} (${detail})`;
}
