/**
 * The one address of the From field that stands outside, as a door asks for it before a letter is kept: whoever hands
 * it over must be allowed to send as that address. Read by the very rules that judge the letter later, so that no two
 * readers of it can disagree.
 */
import { unprotected, writerOf } from './header-protection.ts';
import { readEntity } from './mime-entity.ts';
import { isMalformed } from './peel-layers.ts';

/** Null where there is not exactly one From field with exactly one address, or the header is malformed. */
export function outerFromOf(headerBlock: Buffer): string | null {
  try {
    const entity = readEntity(headerBlock);
    return writerOf(entity, unprotected(entity)).address;
  } catch (error) {
    if (isMalformed(error)) return null;
    throw error;
  }
}
