/**
 * Why a .p12 file was refused, as a word to decide by and a sentence for the operator.
 * The sentence never holds anything of the file's content or of the password.
 */

export type Pkcs12RefusalCode =
  /** The password does not fit: the MAC, or where there is none the decryption, says so. */
  | 'wrong-password'
  /** It opened, but holds no private key that Node can read. */
  | 'no-key'
  /** It holds a private key, but no certificate of that key. */
  | 'no-certificate'
  /** Not a PKCS#12 file, or a damaged one. */
  | 'malformed'
  /** Larger than `MAX_PKCS12_BYTES`. */
  | 'too-large'
  /** Sound as far as can be seen, but protected in a way that is not offered here, or at an absurd cost. */
  | 'unsupported';

export class Pkcs12Refused extends Error {
  override readonly name = 'Pkcs12Refused';
  readonly code: Pkcs12RefusalCode;

  constructor(code: Pkcs12RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
