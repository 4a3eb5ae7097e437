/** The numbers of a door. Those of `SMTP_LIMITS`, but for tests and benches that are about another number. */
import { SMTP_LIMITS } from '@estafette/contracts/limits';

export type DoorLimits = { readonly [name in keyof typeof SMTP_LIMITS]: number };

export const doorLimits = (given: Partial<DoorLimits> = {}): DoorLimits => ({ ...SMTP_LIMITS, ...given });
