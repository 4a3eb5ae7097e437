/**
 * Ed25519 public keys (RFC 8032 §5.1) that no honest key generation gives: points of small order, under which one
 * signature fits any message. node:crypto takes them; this gateway does not.
 */

const PRIME = (1n << 255n) - 19n;
/** The y coordinate of two of the four points of order 8; the other two have its negative. */
const ORDER_8_Y = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
/** y of the points of order 1, 2, 4 and 8; the sign of x makes no difference. */
const SMALL_ORDER_Y: readonly bigint[] = [1n, PRIME - 1n, 0n, ORDER_8_Y, PRIME - ORDER_8_Y];

/** Whether the 32 octets encode a point of small order, in reduced form or not. */
export function isSmallOrderPoint(encoded: Buffer): boolean {
  const bigEndian = Buffer.from(encoded).reverse();
  bigEndian[0] = (bigEndian[0] as number) & 0x7f;
  return SMALL_ORDER_Y.includes(BigInt(`0x${bigEndian.toString('hex')}`) % PRIME);
}
