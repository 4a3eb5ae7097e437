/**
 * The one table of answers: whatever is refused at a door, by us or by the SMTP library of its own accord, is said in
 * the words of the failure catalogue (RFC 5321 §4.2, RFC 2034, RFC 3463). A code of the library that is not here
 * becomes a temporary failure, never a 550.
 */
import { FAILURES, type Failure, type FailureCode, failureOf } from '@estafette/contracts/failure';

/** What the library means by a code it answers without being told. */
const OF_LIBRARY: Readonly<Record<number, FailureCode>> = {
  421: 'gateway-closing',
  451: 'store-unavailable',
  452: 'recipients-too-many',
  500: 'command-unknown',
  501: 'command-malformed',
  502: 'command-refused',
  503: 'command-out-of-order',
  504: 'mechanism-unknown',
  530: 'tls-required',
  535: 'login-refused',
  538: 'tls-required',
  552: 'letter-too-large',
};

const isFailureCode = (text: string): text is FailureCode => Object.hasOwn(FAILURES, text);

/** The failure behind an answer: `text` is its code where it is ours. */
export function failureBehind(code: number, text: unknown): FailureCode {
  if (typeof text === 'string' && isFailureCode(text)) return text;
  return OF_LIBRARY[code] ?? 'store-unavailable';
}

/** What is said of a failure. One that has no SMTP answer of its own is ours and temporary. */
export function answerOf(code: FailureCode): { readonly code: number; readonly text: string } {
  const failure: Failure = failureOf(code);
  const { smtp = { code: 451, enhanced: '4.3.0' } } = failure;
  return { code: smtp.code, text: `${smtp.enhanced} ${failure.peer}` };
}

/** An error by which a handler of the library refuses; its text is the code of the catalogue until it is said. */
export function refusalError(code: FailureCode): Error {
  return Object.assign(new Error(code), { responseCode: answerOf(code).code });
}
