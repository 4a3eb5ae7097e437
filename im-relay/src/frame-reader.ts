/**
 * Reads what a device sent: text to a frame of the protocol, or null when it is not one. Everything a device sends
 * is hostile until it has passed here; what comes out carries the fields of its schema and no others.
 */
import { type DeviceFrame, DeviceFrameSchema } from '@estafette/contracts/frames';
import * as v from 'valibot';

/** Null for text that is not JSON, not a known frame, or a frame with a field out of its limits. Never throws. */
export function readDeviceFrame(text: string): DeviceFrame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = v.safeParse(DeviceFrameSchema, value);
  return parsed.success ? parsed.output : null;
}
