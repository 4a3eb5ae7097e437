/**
 * Why a file with keys (.p12 or PEM) was refused, as a word to decide by and a sentence for the operator.
 * The sentence never holds anything of the file's content or of the password.
 */

export type KeyFileRefusalCode =
  /** The password does not fit: the MAC, or where there is none the decryption, says so; or one is needed. */
  | 'wrong-password'
  /** It opened, but holds no private key that Node can read. */
  | 'no-key'
  /** It holds a private key, but no certificate of that key. */
  | 'no-certificate'
  /** Not such a file, or a damaged one. */
  | 'malformed'
  /** Larger than a file of keys has reason to be. */
  | 'too-large'
  /** Sound as far as can be seen, but protected in a way that is not offered here, or at an absurd cost. */
  | 'unsupported';

export class KeyFileRefused extends Error {
  override readonly name = 'KeyFileRefused';
  readonly code: KeyFileRefusalCode;

  constructor(code: KeyFileRefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
