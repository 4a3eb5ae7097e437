/** Xtext (RFC 3461 §4): printable ASCII without `+` and `=`, and octets as `+HH` with capital digits. */

const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})+$/;

export const isXtext = (text: string): boolean => XTEXT.test(text);

/** The text that xtext stands for; octets beyond ASCII are read as UTF-8 (RFC 6533 §3). */
export function unpackXtext(text: string): string {
  const octets = text.replace(/\+([0-9A-F]{2})/g, (_whole, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(octets, 'latin1').toString('utf8');
}
