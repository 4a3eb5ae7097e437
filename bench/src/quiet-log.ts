/** A log that says nothing, for parts of the gateway used as peers. */
import type { Log } from '@estafette/runtime/ports';

const nothing = (): void => {};

export const quietLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
