/**
 * A telephone number as a link that dials (RFC 3966). The danger is to dial another number than the one that is
 * written: where it says more than one number (`poste 12`, two numbers in one field), there is no link.
 */

/** Characters people group figures with. */
const GROUPING = /[\s\u00a0\u202f.\-/()]/g;

/** `tel:0142000000`; null when it is not plainly one number. */
export function telephoneLink(written: string): string | null {
  const figures = written.replace(/\(0\)/g, '').replace(GROUPING, '');
  return /^\+?\d{3,15}$/.test(figures) ? `tel:${figures}` : null;
}
