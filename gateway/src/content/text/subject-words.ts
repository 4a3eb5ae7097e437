/**
 * Subjects of MSSanté mails (clinical-formats A.2.1): the mark for software, `XDM/1.0/DDM+`, is hidden from people
 * (ECO.3.1.3), whatever reply or error marks stand before it; `[Annule et remplace]` stays visible, and makes the
 * reports of such a letter corrected ones. A subject is the sender's claim: it changes no trust.
 */

import type { ReadDocument } from '../read-document.ts';

const SOFTWARE_MARK = /(^|[\s\]:])XDM\/1\.0\/DDM(?:\+|\s|$)\s*/i;
const REPLACES = /^\s*\[\s*annule\s+et\s+remplace\s*\]/i;

/** The subject without the mark for software; as it is when nothing else stands in it. */
export function shownSubject(subject: string): string {
  const shown = subject.replace(SOFTWARE_MARK, '$1').trim();
  return shown === '' ? subject : shown;
}

/** `TR:`, `Fwd:`: the mark of a forward stands first; "RE: TR:" answers one. */
const FORWARDS = /^\s*(?:\[[^\]]{0,60}\]\s*)?(?:tr|trans|transf|fwd?|wg|i)\s*:/i;

/** A forward is never cut: what it hands on is what it says. */
export function uncutForwards(documents: ReadDocument[], subject: string): ReadDocument[] {
  if (!FORWARDS.test(subject)) return documents;
  return documents.map((document) => {
    if (document.kind !== 'text') return document;
    const whole = { ...document };
    delete whole.fresh;
    return whole;
  });
}

/** The documents of a letter whose subject, as shown, begins with `[Annule et remplace]`: its reports are corrected. */
export function markReplacing(documents: ReadDocument[], subject: string): ReadDocument[] {
  if (!REPLACES.test(subject)) return documents;
  return documents.map((document) => {
    const isOpen = document.kind === 'report' && /^(?:final|provisional)$/.test(document.report.status);
    return isOpen ? { kind: 'report', report: { ...document.report, status: 'corrected' } } : document;
  });
}
